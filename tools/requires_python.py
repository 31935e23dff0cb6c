"""Stop with one clear sentence when Python is too old; runs on any Python 3."""

import sys

OLDEST = (3, 11)

if sys.version_info < OLDEST:
    found = ".".join(map(str, sys.version_info[:3]))
    needed = ".".join(map(str, OLDEST))
    sys.exit(
        "Found Python " + found + ", but the workbook needs Python " + needed + " or "
        "newer. Install one from https://www.python.org/downloads/ and name it: "
        "make lab PYTHON=python3.12"
    )
