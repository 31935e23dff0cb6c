"""From two notebooks to one page: folds, links, outputs, live explorers, formulas."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from nbformat import NotebookNode

from course_utils.widgets import ConvolutionExplorer
from tests.publishing import write_lesson
from tests.tiny_workbook import code, notebook, printed, prose, shown, tiny_workbook
from tools.building.project import BuildError
from tools.publishing.explorers import LiveExplorers, state_json
from tools.publishing.fold import Folded, Open, reading_order
from tools.publishing.links import Links, slug
from tools.publishing.mathml import mathml
from tools.publishing.page import fenced, lesson_page

TASK = "## Exercise 2.1: double it"
STUB, SOLUTION, CHECK = "def double(x): raise", "def double(x): return", "check(double)"


def order(
    student: list[NotebookNode], worked: list[NotebookNode]
) -> list[Open | Folded]:
    """The reading order of cells that share an id where they share a place."""
    for cells in (student, worked):
        notebook(*cells)
    return list(reading_order(student, worked))


def test_answer_verdict_and_explanation_are_folded_in_this_order() -> None:
    student = [prose(TASK), code(STUB), code(CHECK, printed("NOT ATTEMPTED"))]
    worked = [prose(TASK), code(SOLUTION), code(CHECK, printed("PASS")), prose("Why.")]
    *shown_cells, fold = order(student, worked)
    assert [part.cell.source for part in shown_cells] == [TASK, STUB, CHECK]
    assert fold.title == "Solution of exercise 2.1"
    assert [cell.source for cell in fold.cells] == [SOLUTION, "", "Why."]
    assert fold.cells[1].outputs[0].text == "PASS"


def test_what_an_unsolved_notebook_printed_is_not_shown() -> None:
    student = [prose(TASK), code(CHECK, printed("NOT ATTEMPTED"))]
    worked = [prose(TASK), code(CHECK, printed("PASS"))]
    _, check, _ = order(student, worked)
    assert check.cell.outputs == []


def test_fold_ends_where_both_agree_again() -> None:
    student = [code(STUB), prose("On."), code(STUB)]
    worked = [code(SOLUTION), prose("On."), code(SOLUTION)]
    kinds = [type(part) for part in order(student, worked)]
    assert kinds == [Open, Folded, Open, Open, Folded]


def timed(text: str) -> NotebookNode:
    return code("time()", printed(text), tags=["nbval-ignore-output"])


def test_another_timing_is_no_other_answer() -> None:
    (part,) = order([timed("took 1.25 s")], [timed("took 31 s")])
    assert isinstance(part, Open)


def test_other_words_are_another_answer_even_where_outputs_may_differ() -> None:
    _, fold = order([timed("NOT ATTEMPTED")], [timed("took 31 s")])
    assert isinstance(fold, Folded)


def test_prose_whose_links_start_from_another_folder_stays_open() -> None:
    (part,) = order([prose("[a](../x.md)")], [prose("[a](../../x.md)")])
    assert isinstance(part, Open)
    assert part.cell.source == "[a](../x.md)"


def test_heading_that_is_no_exercise_ends_its_title() -> None:
    student = [prose(TASK), prose("## On"), code(STUB)]
    worked = [prose(TASK), prose("## On"), code(SOLUTION)]
    *_, fold = order(student, worked)
    assert fold.title == "Solution"


@pytest.fixture
def links(tmp_path: Path) -> Links:
    """Links of a workbook with one lesson."""
    project = tiny_workbook(tmp_path)
    pages = {"notebooks/02_toy.ipynb": "02_toy.md", "pages/glossary.md": "glossary.md"}
    return Links(project, pages, tmp_path / "source")


@pytest.mark.parametrize(
    ("folder", "target", "page"),
    [
        ("notebooks", "../notebooks/02_toy.ipynb", "02_toy.md"),
        ("pages", "../notebooks/02_toy.ipynb#A-%22b%22", "02_toy.md#a-b"),
        ("notebooks", "../pages/glossary.md", "glossary.md"),
        ("", "data/README.md", "https://github.com/owner/name/blob/v1/data/README.md"),
    ],
)
def test_link_leads_to_the_page_or_to_the_repository(
    links: Links, folder: str, target: str, page: str
) -> None:
    assert links.redirect(folder, target) == page


def test_picture_comes_along(links: Links) -> None:
    picture = links.project.root / "notebooks" / "cat.png"
    picture.write_bytes(b"png")
    target = links.redirect("notebooks", "cat.png")
    assert (links.source / target).read_bytes() == b"png"


def test_anchors_are_spelt_as_on_github() -> None:
    assert slug("Exercise-2.2%3A-−11,-`F.conv2d`") == "exercise-22-11-fconv2d"


def test_fence_is_longer_than_what_it_holds() -> None:
    assert fenced("text", "````").startswith("`````text\n")


def explorer_cells(source: str, stride: int = 2) -> tuple[NotebookNode, dict[str, str]]:
    text = repr(ConvolutionExplorer(stride=stride))
    data = {"text/plain": text, "text/html": "<p>still</p>"}
    return code(source), data


def test_explorer_made_from_literals_is_live() -> None:
    made, data = explorer_cells("e = ConvolutionExplorer(stride=2)\ne")
    page = LiveExplorers([made])
    html = page.html(made, data)
    assert html is not None
    assert "<p>still</p>" in html
    start, end = html.index('json">') + len('json">'), html.index("</script>")
    assert json.loads(html[start:end])["stride"] == 2
    assert "explorers.js" in page.script()


def test_explorer_that_cannot_be_made_again_is_refused() -> None:
    made, data = explorer_cells("e = ConvolutionExplorer(stride=size)")
    with pytest.raises(BuildError, match="from literal arguments"):
        LiveExplorers([made]).html(made, data)


def test_explorer_with_other_settings_is_not_taken_for_it() -> None:
    made, data = explorer_cells("ConvolutionExplorer(stride=1)")
    with pytest.raises(BuildError, match="stride=2"):
        LiveExplorers([made]).html(made, data)


def test_other_outputs_are_left_alone_and_load_no_module() -> None:
    page = LiveExplorers([])
    assert page.html(code("x"), {"text/plain": "ConvolutionExplorer()\nrow"}) is None
    assert page.html(code("x"), {"text/html": "<p>1</p>"}) is None
    assert page.script() == ""


def test_state_may_stand_within_a_script_element() -> None:
    assert "</" not in state_json(ConvolutionExplorer())


def test_minus_after_an_equals_sign_is_a_sign() -> None:
    assert '<mo form="prefix">−</mo>' in mathml(r"a \;=\; -20")
    assert "prefix" not in mathml("a - 20")


@pytest.fixture
def toy_page(tmp_path: Path) -> Callable[..., str]:
    """The page of a lesson with these cells."""
    project = tiny_workbook(tmp_path)
    pages = {"notebooks/02_toy.ipynb": "02_toy.md"}

    def make(*student: NotebookNode, worked: Sequence[NotebookNode] = ()) -> str:
        lesson = write_lesson(project, *student, worked=tuple(worked))
        return lesson_page(lesson, Links(project, pages, tmp_path / "source"))

    return make


def test_links_lead_to_the_same_page_from_either_notebook(
    toy_page: Callable[..., str],
) -> None:
    here, there = "[a](../notebooks/02_toy.ipynb)", "[a](../../notebooks/02_toy.ipynb)"
    page = toy_page(prose(here), worked=(prose(there), prose(f"Why: {there}")))
    assert page.count("[a](02_toy.md)") == 2


def test_output_that_no_page_can_show_is_refused(toy_page: Callable[..., str]) -> None:
    with pytest.raises(BuildError, match="kind video/mp4; expected"):
        toy_page(code("x", shown(video_mp4="AAAA")))


def test_lesson_that_has_not_been_built_is_refused(tmp_path: Path) -> None:
    project = tiny_workbook(tmp_path)
    (lesson,) = project.lessons()
    with pytest.raises(BuildError, match="run `make lesson LESSON=02`"):
        lesson_page(lesson, Links(project, {}, tmp_path / "source"))
