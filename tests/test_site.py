"""The site of a workbook with one small lesson, as Sphinx makes it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.publishing import write_lesson
from tests.tiny_workbook import code, printed, prose, shown, tiny_workbook
from tools.building.project import BuildError, Lesson, Project
from tools.publishing.site import make_site

PNG = (  # one white pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4"
    "DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
)
TASK = (
    "## Exercise 2.1: double it\n\nSee [the lesson](../notebooks/02_toy.ipynb#Formula)."
)
FORMULA = (
    "## Formula\n\n$$\\frac{n}{2}$$ and `ReLU`, {not a role}`x`\n\n% not a comment"
)


@dataclass
class Page(HTMLParser):
    """What stands open and what is folded, and all attributes by their name."""

    text: str
    opened: list[str] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.feed(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.depth += tag == "details"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "details"

    def handle_data(self, data: str) -> None:
        (self.folded if self.depth else self.opened).append(data)

    def values(self, tag: str, name: str) -> list[str]:
        return [a[name] for found, a in self.elements if found == tag and name in a]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the finished site."""
    root = tmp_path_factory.mktemp("workbook")
    project = tiny_workbook(root)
    readme = "# The workbook\n\nRead [how](CONTRIBUTING.md).\n\n## Two commands\n\nmake"
    (root / "README.md").write_text(readme, "utf-8")
    (root / "pages").mkdir()
    (root / "pages" / "glossary.md").write_text("# Glossary\n\nEquivariance.", "utf-8")
    lesson = write_lesson(
        project,
        prose(TASK),
        code("def double(x):\n    raise NotImplementedError"),
        prose(FORMULA),
        code("plt.show()", shown("A line rises.", image_png=PNG)),
        code("print(1)", printed("forty-two\n")),
        worked=(
            prose(TASK),
            code("def double(x):\n    return folded_answer"),
            prose(FORMULA),
            code("plt.show()", shown("A line rises.", image_png=PNG)),
            code("print(1)", printed("forty-two\n")),
        ),
    )
    make_site(project, [lesson], root / "build")
    return root / "build" / "html"


@pytest.fixture(scope="module")
def page(site: Path) -> Page:
    """The lesson's page."""
    return Page((site / "02_toy.html").read_text("utf-8"))


def test_solution_is_folded_and_closed(page: Page) -> None:
    assert "folded_answer" in "".join(page.folded)
    assert "folded_answer" not in "".join(page.opened)
    assert "Solution of exercise 2.1" in "".join(page.folded)
    assert page.depth == 0
    assert page.values("details", "open") == []


def test_stub_and_output_stand_open(page: Page) -> None:
    opened = "".join(page.opened)
    assert "NotImplementedError" in opened
    assert "forty-two" in opened


def test_figure_keeps_its_words(page: Page) -> None:
    assert "A line rises." in page.values("img", "alt")


def test_formula_is_mathml(page: Page) -> None:
    assert {"math", "mfrac"} <= {tag for tag, _ in page.elements}


def test_notebooks_markdown_is_read_as_jupyter_reads_it(page: Page) -> None:
    opened = "".join(page.opened)
    assert "{not a role}" in opened
    assert "% not a comment" in opened


def test_link_to_a_heading_leads_there(site: Path, page: Page) -> None:
    (target,) = [t for t in page.values("a", "href") if t.endswith("#formula")][:1]
    assert target in ("#formula", "02_toy.html#formula")
    assert "formula" in page.values("section", "id")


def test_first_page_lists_lessons_and_pages_after_the_introduction(site: Path) -> None:
    page = Page((site / "index.html").read_text("utf-8"))
    text = "".join(page.opened)
    assert "2 · What does doubling do?" in text
    assert "Glossary" in text
    assert "Two commands" not in text
    github = "https://github.com/owner/name/blob/v1"
    leads_to = {f"{github}/{name}" for name in ("CONTRIBUTING.md", "LICENSE")}
    assert leads_to <= set(page.values("a", "href"))


def test_search_knows_words_of_lessons_and_pages(site: Path) -> None:
    index = (site / "searchindex.js").read_text("utf-8")
    assert "doubl" in index
    assert "equivari" in index


@pytest.fixture
def linked_lesson(tmp_path: Path) -> Lesson:
    """A lesson with a link to a heading that it has not got."""
    project = tiny_workbook(tmp_path)
    (tmp_path / "README.md").write_text("# The workbook\n", "utf-8")
    return write_lesson(project, prose("[there](../notebooks/02_toy.ipynb#nowhere)"))


def test_broken_link_between_pages_is_refused(linked_lesson: Lesson) -> None:
    root = linked_lesson.root
    with pytest.raises(BuildError, match="nowhere"):
        make_site(Project.load(root), [linked_lesson], root / "build")


def test_finished_site_is_proven(
    linked_lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finish(source: Path, site: Path) -> None:
        site.mkdir()
        (site / "index.html").write_text('<img src="https://a.org/x.png">', "utf-8")

    monkeypatch.setattr("tools.publishing.site._run_sphinx", finish)
    root = linked_lesson.root
    with pytest.raises(BuildError, match="asks another host"):
        make_site(Project.load(root), [linked_lesson], root / "build")
