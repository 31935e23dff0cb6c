"""Write the pages to look things up: ``python -m tools.pages``.

``--check`` only tells whether they are up to date with lessons, exercises and their
hand-written sources, ``pages/*.toml``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tools.building.project import BuildError, Project
from tools.writing.pages import PAGES, stale_pages, write_pages


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Write glossary, mistakes, errata.")
    parser.add_argument("--check", action="store_true", help="only compare")
    options = parser.parse_args(arguments)
    try:
        project = Project.load()
        if options.check:
            messages = stale_pages(project)
            print("\n".join(messages) or f"{len(PAGES)} pages are up to date")
            return 1 if messages else 0
        changed = write_pages(project)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(f"wrote {name}" for name in changed) or "nothing has changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
