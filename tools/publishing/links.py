"""Where the links of notebooks and pages lead on the site."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from tools.building.project import Project

PICTURES: Final = "pictures"
_IMAGES: Final = {".png", ".jpg", ".svg", ".webp"}


@dataclass(frozen=True)
class Links:
    """The files of the project that have a page on the site.

    Attributes:
        project: Where the files are, and where they are published.
        pages: A file, relative to the project, and its page, relative to ``source``.
        source: The folder from which the site is made.
    """

    project: Project
    pages: Mapping[str, str]
    source: Path

    def redirect(self, folder: str, target: str) -> str:
        """Return a link as it has to be on the site; pictures come along.

        Args:
            folder: Where the link stands, relative to the project.
            target: The link, relative to that folder.
        """
        name, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(folder, name))
        if path in self.pages:
            return self.pages[path] + (f"#{slug(anchor)}" if anchor else "")
        if Path(path).suffix in _IMAGES:
            return self._picture(path)
        return self.on_github(path) + (f"#{anchor}" if anchor else "")

    def on_github(self, path: str) -> str:
        """The address of a file in the published repository."""
        return f"https://github.com/{self.project.repository}/blob/{self.project.ref}/{path}"

    def _picture(self, path: str) -> str:
        copy = self.source / PICTURES / Path(path).name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.project.root / path, copy)
        return f"{PICTURES}/{copy.name}"


def slug(heading: str) -> str:
    """A heading's anchor as GitHub and the site spell it, from any spelling of it."""
    kept = re.sub(r"[^\w\- ]", "", unquote(heading).lower())
    return kept.replace(" ", "-")
