"""Write requirements.lock from requirements.txt: exact versions for every platform.

NVIDIA's libraries are left out on purpose: torch's own wheel pins them, and without
them the same lock serves the CPU build of torch as well.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINNED_BY_TORCH = re.compile(r"^(nvidia-|cuda-|triton==)")
HEADER = """\
# The tested set, exact, for every platform.
# Made from requirements.txt by `python -m tools.lock`. NVIDIA's libraries are missing
# on purpose: torch's own wheel pins them, where it needs them.
"""


def main() -> None:
    """Resolve the requirements with uv and store the result."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "requirements.txt"),
        *("--universal", "--python-version", "3.11"),
        *("--no-header", "--no-annotate", "--quiet"),
    ]
    resolved = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines(keepends=True)
    kept = [line for line in resolved if not PINNED_BY_TORCH.match(line)]
    (ROOT / "requirements.lock").write_text(HEADER + "".join(kept), encoding="utf-8")


if __name__ == "__main__":
    main()
