"""What a student's notebook shows is what the worked one shows, but for exercises."""

import pytest
from nbformat import NotebookNode

from tests.tiny_workbook import code, notebook, printed
from tools.checks.unsolved import judged_checks, unequal_outputs


def faults(worked: NotebookNode, student: NotebookNode) -> list[str]:
    return unequal_outputs(notebook(worked), notebook(student))


def test_the_same_words_are_no_fault() -> None:
    assert faults(code("f(2)", printed("4\n")), code("f(2)", printed("4\n"))) == []


def test_other_words_are_named_with_their_cell() -> None:
    (fault,) = faults(code("f(2)", printed("4\n")), code("f(2)", printed("None\n")))
    assert fault.startswith("cell 1 of 1 (id id0, `f(2)`) shows something else")


def test_an_output_that_is_missing_is_named() -> None:
    assert len(faults(code("f(2)", printed("4\n")), code("f(2)"))) == 1


@pytest.mark.parametrize(
    ("solved", "unsolved"),
    [
        (code("answer = 4", printed("4\n")), code("answer = ...")),
        (
            code("checks.check_it(f)", printed("✓ PASS\n")),
            code("checks.check_it(f)", printed("○ NOT ATTEMPTED\n")),
        ),
        (
            code("now()", printed("1\n"), tags=["nbval-ignore-output"]),
            code("now()", printed("2\n"), tags=["nbval-ignore-output"]),
        ),
    ],
    ids=["an exercise", "its check", "an excused cell"],
)
def test_what_may_differ(solved: NotebookNode, unsolved: NotebookNode) -> None:
    assert faults(solved, unsolved) == []


def test_pictures_and_run_numbers_are_left_out() -> None:
    def figure(png: str) -> NotebookNode:
        cell = code("plt.show()", printed("a line\n"))
        data = {"image/png": png, "text/plain": "<Figure>"}
        shown = {"output_type": "display_data", "data": data, "metadata": {}}
        cell.outputs.append(NotebookNode(shown))
        return cell

    assert faults(figure("one"), figure("another")) == []


def test_only_a_check_that_decides_is_named() -> None:
    undecided = code("checks.check_a(f)", printed("○ NOT ATTEMPTED · a\n"))
    decided = code("checks.check_b(f)", printed("✓ PASS · b\n"))
    (fault,) = judged_checks(notebook(code("1"), undecided, decided))
    assert "cell 3 of 3" in fault
    assert "should say NOT ATTEMPTED" in fault
