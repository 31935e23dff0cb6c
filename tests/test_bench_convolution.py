"""The convolutions' benchmark: lesson 02's own functions, which must agree."""

from __future__ import annotations

import pytest
import torch

from tools.bench import convolution as bench


def test_pytorch_is_compared_with_the_three_other_ways() -> None:
    ratios = list(bench.measure(quick=True))
    assert {ratio.what for ratio in ratios} == {"F.conv2d"}
    others = ["im2col and a product", "NumPy windows", "pure Python loops"]
    assert [ratio.against for ratio in ratios] == others
    assert {ratio.n for ratio in ratios} == {1}


def test_ways_that_compute_something_else_do_not_race(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong = dict.fromkeys(
        ("im2col_matmul", "numpy_windows", "pure_loops"),
        lambda images, weight: torch.zeros(1, 8, 6, 6),
    )
    monkeypatch.setattr(bench, "_lesson_functions", lambda: wrong)
    with pytest.raises(ValueError, match="im2col and a product computes something"):
        bench.contestants(8)
