"""Make the static site: ``python -m tools.site`` all of it, ``... 02`` one lesson.

It is written to ``build/site/html`` and needs neither a server nor the network.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tools.building.project import BuildError, Project
from tools.publishing.site import make_site

SITE = "build/site"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(description="Make the static site.")
    parser.add_argument("lesson", nargs="*", help="numbers, such as 02 (default: all)")
    options = parser.parse_args(arguments)
    try:
        project = Project.load()
        lessons = project.lessons(options.lesson)
        proof = make_site(project, lessons, project.root / SITE)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{proof.pages} pages; each of their {proof.links} links resolves.")
    print(f"Open {SITE}/html/index.html in a browser.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
