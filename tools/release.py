"""Move the workbook to a new version: ``python -m tools.release 0.2.0``.

The tag stands in the badges, in the set-up cells and in the links of the pages; all of
them and the library's version change together. Nothing is run again: the notebooks keep
their outputs. Then commit, tag and push: `.github/workflows/release.yml` publishes the
wheel that the set-up cells fetch.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.building.project import ROOT, BuildError, Project
from tools.building.rehead import write_for_tag


def release(root: Path, version: str) -> Project:
    """Write a version, such as 0.2.0, wherever the old one stands."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise BuildError(f"found version {version!r}; expected one such as 0.2.0")
    old = Project.load(root)
    new = Project(root, old.repository, f"v{version}")
    for lesson in new.lessons():
        write_for_tag(new, lesson)
    in_a_link = rf"(?<=[/=]){re.escape(old.ref)}(?=[/?&)\s])"
    for page in [root / "README.md", *root.glob("docs/*.md")]:
        _replace(page, in_a_link, new.ref)
    _replace(root / "pyproject.toml", r'(?<=^ref = ").*(?="$)', new.ref)
    module = root / "course_utils" / "__init__.py"
    _replace(module, r'(?<=^__version__ = ").*(?="$)', version)
    return new


def _replace(path: Path, pattern: str, text: str) -> None:
    changed = re.sub(pattern, text, path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(changed, "utf-8", newline="\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        new = release(ROOT, given[0] if given else "")
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"Everything says {new.ref} now. Next: make check, commit, then\n"
        f"  git tag {new.ref} && git push origin HEAD {new.ref}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
