"""Writes the site's sources and has Sphinx make the pages of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools.building.project import ROOT, BuildError, Lesson, Project
from tools.markdown import redirect_links
from tools.publishing import explorers
from tools.publishing.links import Links
from tools.publishing.page import lesson_page
from tools.publishing.proof import Proof, prove

_HERE = Path(__file__).parent
_INTRODUCTION_ENDS = "\n## "
_INDEX = """\
{introduction}

## Lessons

{lessons}

## To look things up

{pages}

Code: [BSD 3-Clause]({code_licence}). Text and figures: [CC BY 4.0]({text_licence}).

```{{toctree}}
:caption: Lessons
:hidden:

{lesson_names}
```

```{{toctree}}
:caption: To look things up
:hidden:

{page_names}
```
"""


def make_site(project: Project, lessons: Sequence[Lesson], folder: Path) -> Proof:
    """Make the site of these lessons and of all pages, below ``folder/html``.

    Args:
        project: Where lessons and pages are, and where they are published.
        lessons: The lessons that get a page.
        folder: Gets the sources and the site; what is in it is replaced.

    Raises:
        BuildError: If a lesson holds what a page cannot show, Sphinx complains, or a
            link leads nowhere.
    """
    source, site = folder / "source", folder / "html"
    shutil.rmtree(folder, ignore_errors=True)
    source.mkdir(parents=True)
    write_sources(project, lessons, source)
    _run_sphinx(source, site)
    proof = prove(site)
    if proof.faults:
        raise BuildError("\n".join(proof.faults))
    return proof


def write_sources(project: Project, lessons: Sequence[Lesson], source: Path) -> None:
    """Write the markdown and the static files that Sphinx reads."""
    pages = sorted((project.root / "pages").glob("*.md"))
    links = Links(project, _page_names(lessons, pages, project.root), source)
    for lesson in lessons:
        text = lesson_page(lesson, links)
        (source / f"{lesson.name}.md").write_text(text, "utf-8")
    for page in pages:
        text = _redirected(page, links)
        (source / page.name).write_text(text, "utf-8")
    (source / "index.md").write_text(_index(project, lessons, pages, links), "utf-8")
    static = source / "_static"
    shutil.copytree(_HERE / "static", static)
    (static / explorers.MODULES).write_text(explorers.modules(), "utf-8")
    (static / "explorer.css").write_text(explorers.style(), "utf-8")


def _page_names(
    lessons: Sequence[Lesson], pages: Sequence[Path], root: Path
) -> dict[str, str]:
    names = {page.relative_to(root).as_posix(): page.name for page in pages}
    for lesson in lessons:
        for path in (lesson.notebook("student"), lesson.notebook("worked")):
            names[lesson.shown(path)] = f"{lesson.name}.md"
    return names


def _index(
    project: Project, lessons: Sequence[Lesson], pages: Sequence[Path], links: Links
) -> str:
    readme = _redirected(project.root / "README.md", links)
    return _INDEX.format(
        introduction=readme.partition(_INTRODUCTION_ENDS)[0].strip(),
        lessons=_list(lesson.name for lesson in lessons),
        pages=_list(page.stem for page in pages),
        code_licence=links.on_github("LICENSE"),
        text_licence=links.on_github("LICENSE-TEXT.md"),
        lesson_names="\n".join(lesson.name for lesson in lessons),
        page_names="\n".join(page.stem for page in pages),
    )


def _list(names: Iterable[str]) -> str:
    """Links that take their words from the pages' titles."""
    return "\n".join(f"- [](./{name}.md)" for name in names)


def _redirected(page: Path, links: Links) -> str:
    folder = page.parent.relative_to(links.project.root).as_posix()
    text = page.read_text("utf-8")
    return redirect_links(text, lambda target: links.redirect(folder, target))


def _run_sphinx(source: Path, site: Path) -> None:
    settings = ["-c", str(_HERE), "-D", f"html_static_path={source / '_static'}"]
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-E", "-W"]
    command += ["--keep-going", "-d", str(site.parent / "cache"), *settings]
    done = subprocess.run(
        [*command, str(source), str(site)],
        cwd=ROOT,  # the settings import the tools
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildError(f"Sphinx could not make the site:\n{done.stderr.strip()}")
