"""Which cells of a submission are run, and where answers are read."""

import dataclasses

import pytest

from tests.grading_books import CHECKS, RIGHT, cells, outline
from tools.grading import plan


def _run(steps: list[plan.Step]) -> list[str]:
    return [step.text for step in steps if step.kind == "run"]


def _read(steps: list[plan.Step]) -> list[str]:
    return [step.text for step in steps if step.kind == "answer"]


def test_our_own_cells_are_run_only_if_something_needs_them() -> None:
    run = _run(plan.steps(outline(), cells(**RIGHT), whole=False))
    assert run[0].startswith("import torch")
    assert not any("shown" in source for source in run)
    assert set(RIGHT.values()) <= set(run)


def test_a_cell_of_ours_is_run_if_an_answer_uses_its_name() -> None:
    answer = RIGHT["size"] + "\nprint(shown)"
    run = _run(plan.steps(outline(), cells(size=answer), whole=False))
    assert any("shown = torch.zeros" in source for source in run)


def test_a_functions_own_names_are_not_the_notebooks() -> None:
    answer = "def slide_kernel(image, shown):\n    return [shown for image in shown]"
    run = _run(plan.steps(outline(), cells(slide=answer), whole=False))
    assert not any("shown = torch.zeros" in source for source in run)


def test_a_cell_of_ours_that_calls_super_is_not_run_for_a_class_that_does() -> None:
    text = "class {}:\n    def __init__(self):\n        super().__init__()"
    ours = text.format("Ours")
    asked = dataclasses.replace(outline(), cells={**outline().cells, "ours": ours})
    book = [("ours", ours), *cells(slide=text.format("slide_kernel"))]
    assert ours not in _run(plan.steps(asked, book, whole=False))


@pytest.mark.parametrize(("given", "runs"), [("size = 3", False), ("size = [3]", True)])
def test_a_cell_of_ours_that_a_value_is_only_given_to_is_not_run(
    given: str, runs: bool
) -> None:
    uses = "print(size)"
    asked = outline().cells | {"given": given, "uses": uses}
    book = [("given", given), ("uses", uses), *cells(slide="slide_kernel = size")]
    made = dataclasses.replace(outline(), cells=asked)
    assert (uses in _run(plan.steps(made, book, whole=False))) is runs


def test_a_name_that_a_later_cell_gives_is_found() -> None:
    book = cells(slide="def slide_kernel(image, kernel):\n    return shown")
    figure = book.pop(1)
    run = _run(plan.steps(outline(), [*book, figure], whole=False))
    assert figure[1] in run


def test_whole_runs_everything_but_our_checks() -> None:
    run = _run(plan.steps(outline(), cells(**RIGHT), whole=True))
    assert len(run) == 5
    assert not set(CHECKS.values()) & set(run)


@pytest.mark.parametrize(
    "trick", ["exec('x = 1')", "%timeit 1", "globals()['x'] = 1", "x = !ls", "print?"]
)
def test_what_cannot_be_traced_has_everything_run(trick: str) -> None:
    run = _run(plan.steps(outline(), [("t", trick), *cells()], whole=False))
    assert any("shown" in source for source in run)


def test_a_cell_that_is_no_python_is_run_and_costs_nothing_else() -> None:
    run = _run(plan.steps(outline(), cells(size="def output_size(:"), whole=False))
    assert "def output_size(:" in run
    assert not any("shown" in source for source in run)


def test_every_answer_is_read_once_where_its_check_stands() -> None:
    steps = plan.steps(outline(), cells(**RIGHT), whole=False)
    texts = [step.text for step in steps]
    assert _read(steps) == [
        "check_slide_kernel",
        "check_first_row",
        "check_output_size",
    ]
    assert texts.index("check_slide_kernel") < texts.index(RIGHT["row"])


def test_an_overwritten_check_is_run_as_a_cell_and_the_answer_read_after_it() -> None:
    book = [(i, "print('PASS')" if i == "check-row" else s) for i, s in cells()]
    texts = [step.text for step in plan.steps(outline(), book, whole=False)]
    assert texts.index("check_first_row") == texts.index("print('PASS')") + 1


def test_a_deleted_check_is_made_up_for_at_the_end() -> None:
    book = [(i, s) for i, s in cells() if i != "check-slide"]
    assert plan.steps(outline(), book, whole=False)[-1].text == "check_slide_kernel"


def test_ids_that_were_lost_do_not_matter() -> None:
    book = [("", source) for _, source in cells(**RIGHT)]
    with_ids = plan.steps(outline(), cells(**RIGHT), whole=False)
    assert plan.steps(outline(), book, whole=False) == with_ids


def test_a_notebook_without_cells_has_no_answer_to_run() -> None:
    assert _run(plan.steps(outline(), [], whole=False)) == []
    assert len(_read(plan.steps(outline(), [], whole=False))) == 3


@pytest.mark.parametrize("book", [7, [], {}, {"cells": 3}, {"cells": [3]}])
def test_what_is_no_notebook_is_refused(book: object) -> None:
    with pytest.raises(ValueError, match="cell"):
        plan.code_cells(book)


def test_a_source_in_lines_is_joined() -> None:
    cell = {"cell_type": "code", "id": "a", "source": ["x = 1\n", "y = 2"]}
    assert plan.code_cells({"cells": [cell]}) == [("a", "x = 1\ny = 2")]
