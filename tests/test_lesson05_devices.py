"""Exercises 5.1 to 5.5: other right answers pass, and what is wrong is seen."""

import statistics
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks import lesson05_devices as checks
from course_utils.checks.result import CheckResult, Verdict

Batch = tuple[Tensor, Tensor]


def _passes(result: CheckResult) -> bool:
    return result.verdict is Verdict.PASS


# 5.1


def _step(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    class_weights: Tensor,
    optimizer: Any,
    **moving: Any,
) -> Tensor:
    device = next(iter(model.state_dict().values())).device
    images = images.to(device, **moving)
    criterion = nn.CrossEntropyLoss(weight=class_weights).to(device)  # moves buffers
    loss = criterion(model(images), labels.to(device, **moving))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.detach()


def test_step_may_move_in_any_way() -> None:
    assert _passes(checks.check_step_anywhere(_step))

    def non_blocking(*args: Any) -> Tensor:
        return _step(*args, non_blocking=True)

    assert _passes(checks.check_step_anywhere(non_blocking))


def test_error_of_the_step_that_has_nothing_to_do_with_devices_is_shown() -> None:
    def wrong_shape(model: nn.Module, images: Tensor, *_: Any) -> Tensor:
        return model(images.to(next(model.parameters()).device)[:, :1])

    result = checks.check_step_anywhere(wrong_shape)
    assert "your code raised RuntimeError" in result.message


def test_step_on_the_cpu_alone_is_not_enough() -> None:
    def on_cpu(
        model: nn.Module, images: Tensor, labels: Tensor, weights: Tensor, optim: Any
    ) -> Tensor:
        optim.zero_grad()
        loss = F.cross_entropy(model.to("cpu")(images), labels, weights)
        loss.backward()
        optim.step()
        return loss.detach()

    result = checks.check_step_anywhere(on_cpu)
    assert result.verdict is Verdict.FAIL
    assert "Cannot copy out of meta tensor" in result.message


# 5.2


def test_one_wait_before_all_measurements_is_enough() -> None:
    def measure(
        function: Callable[[], object],
        synchronize: Callable[[], None],
        clock: Callable[[], float],
        repeats: int,
    ) -> float:
        for _ in range(3):
            function()
        synchronize()
        times = []
        for _ in range(repeats):
            start = clock()
            function()
            synchronize()
            times.append(clock() - start)
        return sorted(times)[len(times) // 2]

    assert _passes(checks.check_seconds_per_call(measure))


def test_function_named_without_calling_it_is_found() -> None:
    def measure(
        function: Callable[[], object],
        synchronize: Callable[[], None],
        clock: Callable[[], float],
        repeats: int,
    ) -> float:
        function()
        times = []
        for _ in range(repeats):
            synchronize  # noqa: B018 - the mistake
            start = clock()
            function()
            synchronize  # noqa: B018
            times.append(clock() - start)
        return statistics.median(times)

    result = checks.check_seconds_per_call(measure)
    assert result.mistake == "clock_stopped_too_early"


# 5.3


def _stacked(step: Callable[..., Tensor], batches: Iterable[Batch]) -> float:
    losses, counts = [], []
    for images, labels in batches:
        losses.append(step(images, labels).detach())
        counts.append(len(images))
    return float((torch.stack(losses) * torch.tensor(counts)).sum()) / sum(counts)


def _in_place(step: Callable[..., Tensor], batches: Iterable[Batch]) -> float:
    total, count = torch.zeros(()), 0
    for images, labels in batches:
        with torch.no_grad():
            total += step(images, labels) * labels.shape[0]
        count += labels.shape[0]
    return (total / count).item()


@pytest.mark.parametrize("answer", [_stacked, _in_place])
def test_losses_may_be_kept_or_added_up(answer: Callable[..., float]) -> None:
    assert _passes(checks.check_mean_loss(answer))


@pytest.mark.parametrize(
    "fetch",
    [
        lambda loss: loss.item(),
        lambda loss: float(loss.detach()),
        lambda loss: loss.tolist(),
        lambda loss: loss.detach().numpy(),
        lambda loss: loss.detach().cpu(),
        lambda loss: f"{loss.detach():.3f}",
        lambda loss: bool(loss > 3),
    ],
    ids=["item", "float", "tolist", "numpy", "cpu", "format", "if"],
)
def test_every_way_to_fetch_a_number_in_the_loop_is_seen(
    fetch: Callable[[Tensor], object],
) -> None:
    def mean_loss(step: Callable[..., Tensor], batches: Iterable[Batch]) -> float:
        total: Any = 0
        count = 0
        for images, labels in batches:
            loss = step(images, labels)
            fetch(loss)
            total = total + loss.detach() * len(labels)
            count += len(labels)
        return float(total) / count

    result = checks.check_mean_loss(mean_loss)
    assert result.mistake == "item_each_step"


def test_losses_kept_in_a_list_with_their_graphs_are_seen() -> None:
    def mean_loss(step: Callable[..., Tensor], batches: Iterable[Batch]) -> float:
        pairs = [(step(images, labels), len(labels)) for images, labels in batches]
        total = sum(loss * count for loss, count in pairs)
        return (total / sum(count for _, count in pairs)).item()

    assert checks.check_mean_loss(mean_loss).mistake == "graph_kept"


# 5.4


def test_batch_may_be_made_and_sent_in_any_way_that_sends_it_once() -> None:
    def placed(images: list[Tensor], device: torch.device) -> Tensor:
        batch = torch.empty((len(images), *images[0].shape), dtype=torch.uint8)
        for place, image in enumerate(images):
            batch[place] = image
        return batch.to(device, non_blocking=True) / 255

    def copied(images: list[Tensor], device: torch.device) -> Tensor:
        batch = torch.stack(images)
        there = torch.empty_like(batch, device=device)
        there.copy_(batch)
        return there.float().div_(255)

    assert _passes(checks.check_send_batch(placed))
    assert _passes(checks.check_send_batch(copied))


def test_batch_that_is_converted_on_its_way_is_told_that_floats_travel() -> None:
    def converted(images: list[Tensor], device: torch.device) -> Tensor:
        return torch.stack(images).to(device, torch.float32) / 255

    result = checks.check_send_batch(converted)
    assert (result.verdict, result.mistake) == (Verdict.FAIL, "floats_travel")
    assert "converts *before* the journey" in result.hint


def test_batch_that_is_filled_over_there_is_told_that_every_image_travels() -> None:
    def filled(images: list[Tensor], device: torch.device) -> Tensor:
        shape = (len(images), *images[0].shape)
        batch = torch.empty(shape, dtype=torch.uint8, device=device)
        for place, image in enumerate(images):
            batch[place] = image
        return batch.float() / 255

    result = checks.check_send_batch(filled)
    assert (result.verdict, result.mistake) == (Verdict.FAIL, "one_by_one")


# 5.5


class _Folded(nn.Module):
    """Scale and offset worked out once, and not stored with the weights."""

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        scale = (1 / (255 * std))[:, None, None]
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("offset", (mean / std)[:, None, None], persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        return images * self.scale - self.offset


class _Frozen(nn.Module):
    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.statistics = nn.Parameter(torch.stack([mean, std])[:, :, None, None])

    def forward(self, images: Tensor) -> Tensor:
        mean, std = self.statistics
        return (images.float() / 255 - mean) / std


class _MadeInForward(nn.Module):
    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.lists = mean.tolist(), std.tolist()

    def forward(self, images: Tensor) -> Tensor:
        mean, std = (torch.tensor(values).view(-1, 1, 1) for values in self.lists)
        return (images.float() / 255 - mean) / std


class _InPlace(_Folded):
    def forward(self, images: Tensor) -> Tensor:
        result = super().forward(images)
        images.zero_()
        return result


def test_statistics_may_be_folded_into_scale_and_offset() -> None:
    assert _passes(checks.check_normalise(_Folded))


def test_learnable_statistics_are_found_whatever_their_shape() -> None:
    assert checks.check_normalise(_Frozen).mistake == "parameters"


def test_statistics_made_in_forward_are_left_behind() -> None:
    assert checks.check_normalise(_MadeInForward).mistake == "left_behind"


def test_changed_bytes_are_noticed() -> None:
    assert "changed its input" in checks.check_normalise(_InPlace).message
