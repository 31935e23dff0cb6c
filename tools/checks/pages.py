"""Turns the stored notebooks into the pages that the report links to."""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tools.building.project import VERSIONS, Lesson, Version
from tools.notebook import read

# the lab template forgets the alt text of computed figures
_WITH_ALT = """
{%- extends 'lab/index.html.j2' -%}
{%- block data_png -%}
{%- set alt = output | get_metadata('alt', 'image/png') or '' -%}
{{ super() | replace('<img src=', '<img alt="' ~ (alt | escape_html) ~ '" src=') }}
{%- endblock data_png -%}
"""


def write_pages(lessons: list[Lesson], folder: Path) -> None:
    """Write one HTML page a notebook, at the same place below ``folder``."""
    with ProcessPoolExecutor(max_workers=2) as pool:
        jobs = [
            pool.submit(_write_page, lesson, version, folder)
            for lesson in lessons
            for version in VERSIONS
            if lesson.notebook(version).exists()
        ]
        for job in jobs:
            job.result()


def _write_page(lesson: Lesson, version: Version, folder: Path) -> None:
    from jinja2 import DictLoader
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        extra_loaders=[DictLoader({"report.html.j2": _WITH_ALT})],
        template_file="report.html.j2",
        embed_images=True,
    )
    path = lesson.notebook(version)
    resources = {"metadata": {"name": lesson.name, "path": str(path.parent)}}
    html, _ = exporter.from_notebook_node(read(path), resources=resources)
    page = folder / page_name(lesson, path)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_between_pages(html), "utf-8")


def page_name(lesson: Lesson, path: Path) -> str:
    """The page of a notebook, relative to the report."""
    return Path(lesson.shown(path)).with_suffix(".html").as_posix()


def _between_pages(html: str) -> str:
    """Let links from notebook to notebook lead from page to page."""
    return re.sub(r'(href="(?!https?:)[^"#]+)\.ipynb', r"\1.html", html)
