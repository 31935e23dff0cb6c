"""Keep a student's work apart from the workbook's own notebooks.

``start`` copies a lesson into ``my_work/`` and never overwrites anything there.
``rescue`` is for those who edited in ``notebooks/``: it moves their version to
``my_work/`` and restores ours, so that the next ``git pull`` is clean. Standard library
only: it must run before anything is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class NotDoneError(Exception):
    """Nothing was changed; the message says why and what to do."""


def find_lesson(root: Path, lesson: str) -> Path:
    """Return the notebook of a lesson, given by number ("02" or "2").

    Raises:
        NotDoneError: If there is no such lesson; the message lists those there are.
    """
    found = sorted(root.glob(f"notebooks/{lesson.zfill(2)}_*.ipynb"))
    if lesson and len(found) == 1:
        return found[0]
    numbers = [path.name[:2] for path in sorted(root.glob("notebooks/[0-9]*.ipynb"))]
    asked = f"There is no lesson {lesson!r}." if lesson else "Which lesson?"
    raise NotDoneError(
        f"{asked} There are {', '.join(numbers)}. For example: make start LESSON=02"
    )


def start(root: Path, lesson: str) -> str:
    """Copy a lesson into my_work/ and return what to tell the student."""
    source = find_lesson(root, lesson)
    target = root / "my_work" / source.name
    if target.exists():
        return (
            f"my_work/{source.name} is there already and stays as it is. To begin "
            "again, rename it first, then repeat the command."
        )
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, target)
    return f"Copied to my_work/{source.name}. Open that file and edit it as you like."


def rescue(root: Path) -> str:
    """Move edited notebooks to my_work/, restore ours, and return what was done."""
    changed = _edited_notebooks(root)
    if not changed:
        return "Nothing to rescue: the files in notebooks/ are as they were."
    lines = []
    for path in changed:
        target = _free_name(root / "my_work" / path.name)
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(root / path, target)
        _git(root, "checkout", "HEAD", "--", path.as_posix())
        lines.append(f"{path} -> my_work/{target.name}")
    return "\n".join(["Moved your versions and restored ours:", *lines])


def _edited_notebooks(root: Path) -> list[Path]:
    listed = _git(root, "diff", "--name-only", "--diff-filter=M", "HEAD", "notebooks")
    return [Path(line) for line in listed.splitlines() if line.endswith(".ipynb")]


def _free_name(wanted: Path) -> Path:
    """Return the path itself, or with a number that nothing else has taken."""
    number, path = 1, wanted
    while path.exists():
        number += 1
        path = wanted.with_stem(f"{wanted.stem}_{number}")
    return path


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-c", "core.quotePath=false", *arguments],
            cwd=root,
            check=True,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise NotDoneError("git is not installed; `make rescue` needs it.") from None
    except subprocess.CalledProcessError as error:
        raise NotDoneError(
            "This folder is not a git clone (a downloaded zip, perhaps), so there is "
            "nothing to restore from. Copy your notebook to my_work/ by hand. git "
            f"said: {error.stderr.strip()}"
        ) from None
    return done.stdout


def main(arguments: list[str]) -> None:
    """Run ``start LESSON`` or ``rescue`` and print what happened."""
    command, lesson = [*arguments, "", ""][:2]
    try:
        print(start(ROOT, lesson) if command == "start" else rescue(ROOT))
    except NotDoneError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
