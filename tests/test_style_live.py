"""A picture on its way: kept step by step, shown, and interrupted without loss."""

from typing import Any

import pytest
import torch
from torch import Tensor

from course_utils.style import Live, live
from course_utils.style.live import live as live_function


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The HTML that a notebook would show, in order."""
    shown: list[str] = []

    class Handle:
        def update(self, page: Any) -> None:
            shown.append(page.data)

    def display(page: Any, display_id: bool) -> Handle:
        assert display_id
        shown.append(page.data)
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    return shown


def walk(progress: Live, picture: Tensor, steps: int) -> None:
    for _ in range(steps):
        picture += 0.1
        progress.update(torch.tensor(1.0))


def test_keeps_a_copy_of_the_last_finished_step() -> None:
    picture = torch.zeros(1, 3, 4, 4)
    with live(picture, 3) as progress:
        walk(progress, picture, 3)
        picture += 5  # a step that is not finished
    torch.testing.assert_close(progress.picture, torch.full((1, 3, 4, 4), 0.3))
    assert (progress.step, progress.losses) == (3, [1.0] * 3)
    assert not progress.interrupted


def test_picture_is_free_of_the_graph() -> None:
    picture = torch.zeros(1, 3, 4, 4, requires_grad=True)
    with live(picture, 1) as progress:
        progress.update((picture * 2).sum())
    assert not progress.picture.requires_grad


def test_interrupt_ends_the_block_and_keeps_the_picture(
    pages: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    picture = torch.zeros(1, 3, 4, 4)
    with live(picture, 10) as progress:
        walk(progress, picture, 4)
        raise KeyboardInterrupt
    assert (progress.interrupted, progress.step) == (True, 4)
    assert torch.equal(progress.picture, picture)
    said = capsys.readouterr().out
    assert said == "Interrupted after step 4 of 10; the picture of that step is kept.\n"
    assert len(pages) == 1  # nobody watched, and still it is shown
    assert "step 4 of 10" in pages[0]


def test_interrupt_before_the_first_step_keeps_the_start(pages: list[str]) -> None:
    start = torch.rand(1, 3, 4, 4)
    with live(start, 10) as progress:
        raise KeyboardInterrupt
    assert torch.equal(progress.picture, start)
    assert progress.losses == []


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), live(torch.zeros(1, 3, 4, 4), 3):
        raise ZeroDivisionError


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_loss_that_is_not_finite_says_what_to_do(loss: float) -> None:
    picture = torch.zeros(1, 3, 4, 4)
    progress = live(picture, 5)
    walk(progress, picture, 2)
    with pytest.raises(FloatingPointError, match=r"in step 3 the loss is .*Lower"):
        progress.update(loss)
    assert progress.step == 2


def test_picture_that_is_not_finite_is_not_kept() -> None:
    picture = torch.zeros(1, 3, 4, 4)
    progress = live(picture, 5)
    picture[..., 0] = torch.nan
    with pytest.raises(FloatingPointError):
        progress.update(1.0)
    assert progress.picture.max() == 0


def test_shows_nothing_unless_asked(pages: list[str]) -> None:
    picture = torch.zeros(1, 3, 4, 4)
    with live(picture, 3) as progress:
        walk(progress, picture, 3)
    assert pages == []


def test_shows_first_and_last_and_some_between(
    pages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr(
        live_function.__globals__["time"], "monotonic", lambda: next(clock) / 10
    )
    picture = torch.zeros(1, 3, 40, 60)
    with live(picture, 20, show=True) as progress:
        walk(progress, picture, 20)
    # a picture each 0.4 s at most, and each step takes 0.1 s of this clock
    assert 4 <= len(pages) <= 8
    assert 'alt="The picture after step 0 of 20"' in pages[0]
    assert 'alt="The picture after step 20 of 20, loss 1"' in pages[-1]
    assert 'width="300" height="200"' in pages[-1]
