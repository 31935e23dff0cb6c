"""The Python side of the pooling explorer, without a browser."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from course_utils.widgets import PoolingExplorer
from course_utils.widgets.images import FIVE_BY_FIVE, LECTURE


def test_pools_the_lecture_as_max_pool2d() -> None:
    expected = F.max_pool2d(LECTURE[None, None].float(), 2)[0, 0]
    assert torch.equal(PoolingExplorer().output, expected)
    assert PoolingExplorer().output.tolist() == [[5, 8, 9], [4, 8, 5], [5, 7, 9]]


def test_averages_with_padding_as_avg_pool2d() -> None:
    explorer = PoolingExplorer("five_by_five", "average", 3, stride=1, padding=1)
    expected = F.avg_pool2d(FIVE_BY_FIVE[None, None].float(), 3, 1, 1)[0, 0]
    torch.testing.assert_close(explorer.output, expected)


def test_stride_is_the_window_unless_given() -> None:
    assert PoolingExplorer(kernel_size=3).stride == 3


def test_a_shift_to_the_right_repeats_the_left_border() -> None:
    explorer = PoolingExplorer(shift=(0, 1))
    assert torch.equal(explorer.shifted[:, 1:], explorer.pixels[:, :-1])
    assert torch.equal(explorer.shifted[:, 0], explorer.pixels[:, 0])


def test_a_shift_up_repeats_the_lower_border() -> None:
    explorer = PoolingExplorer(shift=(-2, 0))
    assert torch.equal(explorer.shifted[:4], explorer.pixels[2:])
    assert torch.equal(explorer.shifted[4:], explorer.pixels[-1].expand(2, 6))


def test_changed_marks_where_the_output_differs() -> None:
    explorer = PoolingExplorer()
    assert not explorer.changed.any()
    explorer.shift = (0, 1)
    before = PoolingExplorer().output
    assert torch.equal(explorer.changed, explorer.output != before)
    count = int(explorer.changed.sum())
    assert explorer.changed_text() == f"{count} of 9 values changed."


def test_a_shift_of_a_constant_image_changes_nothing() -> None:
    explorer = PoolingExplorer(torch.full((7, 7), 0.1), "average", 3, shift=(1, -2))
    assert not explorer.changed.any()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("mode", "min", "mode is 'min'; choose one of max, average"),
        ("shift", (0, 3), "shift is 3; the explorer shows at most 2"),
        ("shift", (0, -3), "shift is -3; it must be at least -2"),
        ("kernel_size", 0, "kernel_size is 0; it must be at least 1"),
    ],
)
def test_a_wrong_state_is_refused_with_what_to_do(
    name: str, value: Any, says: str
) -> None:
    explorer = PoolingExplorer()
    with pytest.raises(ValueError, match=says):
        setattr(explorer, name, value)


def test_padding_over_half_the_window_is_refused_by_output() -> None:
    with pytest.raises(ValueError, match="at most half of kernel_size"):
        _ = PoolingExplorer(kernel_size=3, padding=2).output


def test_one_step_in_numbers_and_words() -> None:
    step = PoolingExplorer(padding=1).step((0, 0))
    assert step.numbers() == "max(−∞, −∞, −∞, 2) = 2"
    assert step.in_words() == (
        "The window covers rows −1 and 0 and columns −1 and 0; "
        "3 of its 4 numbers are padding. The numbers are −∞, −∞, −∞ and 2; "
        "the largest is 2: output row 0, column 0."
    )


def test_repr_is_stable_and_has_no_address() -> None:
    assert repr(PoolingExplorer(mode="average", shift=(0, 1))) == (
        "PoolingExplorer(image='lecture', mode='average', kernel_size=2, stride=2, "
        "padding=0, shift=(0, 1), output=3x3)"
    )
