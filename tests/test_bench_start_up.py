"""The start-up benchmark: real kernels, and only the opening of the lesson."""

from __future__ import annotations

import pytest

from tools.bench import start_up as bench
from tools.building.project import Project


def test_a_lesson_is_opened_up_to_its_imports() -> None:
    (lesson,) = Project.load().lessons(["02"])
    cells = bench.opening(lesson)
    assert cells[0].startswith("# Set-up")
    assert "from course_utils" in cells[-1]
    assert not any("from course_utils" in cell for cell in cells[:-1])


def test_a_kernel_whose_cell_fails_is_not_ready() -> None:
    with pytest.raises(RuntimeError, match="a cell failed with ValueError: no"):
        bench.seconds_until_ready(["pass", "raise ValueError('no')"])


def test_both_openings_are_compared_with_importing_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "seconds_until_ready", lambda cells: len("".join(cells)))
    ratios = list(bench.measure(quick=True))
    assert [ratio.what for ratio in ratios] == [bench.LIBRARY, bench.LESSON]
    assert {ratio.against for ratio in ratios} == {bench.ALL}
    assert ratios[0].values == (len(bench.IMPORT_ALL) / len(bench.LIBRARY),)
