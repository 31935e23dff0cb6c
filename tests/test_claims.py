"""Claims: printed when they hold, excused when untried, refused when they must hold."""

import re
from typing import Any

import pytest
import torch

from course_utils.claims import claim
from tests.lesson_functions import cell_with, code_cells


def test_a_claim_that_holds_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    claim("the loss has fallen", torch.tensor(0.3) < 2.3)
    assert capsys.readouterr().out == "the loss has fallen\n"


def test_a_claim_that_holds_needs_no_excuse(capsys: pytest.CaptureFixture[str]) -> None:
    claim("the loss has fallen", True, excuse="so few steps prove nothing")
    assert capsys.readouterr().out == "the loss has fallen\n"


def test_an_untried_claim_that_fails_says_why_it_need_not_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    claim("the loss has fallen", False, excuse="so few steps prove nothing")
    assert capsys.readouterr().out == (
        "Not in this run (so few steps prove nothing): the loss has fallen\n"
    )


def test_a_tried_claim_that_fails_is_refused() -> None:
    with pytest.raises(AssertionError, match="bear it out: the loss has fallen"):
        claim("the loss has fallen", torch.tensor(2.4) < 2.3)


@pytest.mark.parametrize("name", ["segmentation_steps", "box_steps"])
def test_lesson_08_excuses_only_trainings_shorter_than_its_own(name: str) -> None:
    values: dict[str, Any] = {}
    exec(cell_with("08", f"{name} = "), values)
    source = "\n".join(code_cells("08"))
    (excuse,) = re.findall(rf'"" if {name} >= \d+ else ".+?"', source)
    assert eval(excuse, dict(values)) == ""
    assert eval(excuse, {name: 3}) == "so few steps prove nothing"
