"""What hostile submissions try: each attack is a cell that ends by saying how it went.

An attack comes in full strength, for the grader, and tame, for a program that runs
submissions without a wall around them: a tame one shows what would happen on a small
scale, and does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Attack:
    """A cell, and whether its submission still earns what its answers are worth.

    Attributes:
        cell: Python, with names in braces for what `strong` and `tame` give.
        strong: The values in full strength.
        tame: The harmless ones.
        survives: Whether the answers that come after it count in full strength.
    """

    cell: str
    strong: Mapping[str, str]
    tame: Mapping[str, str]
    survives: bool = True

    def written(self, *, tame: bool) -> str:
        """The cell as Python."""
        text = self.cell
        for name, value in (self.tame if tame else self.strong).items():
            text = text.replace(f"<{name}>", value)
        return text


ATTACKS: Final = {
    "writes": Attack(
        """\
import course_utils
from pathlib import Path
written = []
for place in <places>:
    try:
        (place / "grading_was_here").write_text("x")
        written.append(str(place))
    except OSError:
        pass
raise RuntimeError(f"wrote to {len(written)} folders of others {written}")""",
        {
            "places": "[*Path(course_utils.__file__).parents[:2], Path('/usr')]",
        },
        {"places": "[Path('.')]"},
    ),
    "reads": Attack(
        """\
import os
found = []
for place, folders, files in os.walk(<root>):
    for name in files:
        if name == "secret.txt" or ("sample" in place and name.endswith(".ipynb")):
            try:
                found.append(open(os.path.join(place, name)).read())
            except OSError:
                pass
raise RuntimeError(f"read {len(found)} submissions and secrets of others")""",
        {"root": "'/'"},
        {"root": "'.'"},
    ),
    "forks": Attack(
        """\
import os
for _ in <times>:
    try:
        if os.fork() == 0:
            <child>
    except OSError:
        pass""",
        {"times": "iter(int, 1)", "child": "continue"},  # iter(int, 1) has no end
        {"times": "range(8)", "child": "os._exit(0)"},
        survives=False,
    ),
    "prints": Attack(
        """\
for _ in range(<mebibytes>):
    print("x" * 2**20)
raise RuntimeError("printed <mebibytes> MiB")""",
        {"mebibytes": "4096"},
        {"mebibytes": "4"},
    ),
    "calls out": Attack(
        """\
import socket
try:
    socket.create_connection(<address>, timeout=5)
except OSError as error:
    raise RuntimeError(f"no network: {error}")
raise RuntimeError("reached the network")""",
        {"address": "('1.1.1.1', 53)"},
        {"address": "('127.0.0.1', 9)"},
    ),
    "kills": Attack(
        """\
import os
try:
    os.kill(<process>, <signal>)
except OSError as error:
    raise RuntimeError(f"no process to end: {error}")
raise RuntimeError("ended every process in sight")""",
        {"process": "-1", "signal": "9"},
        {"process": "os.getpid()", "signal": "0"},
    ),
}
