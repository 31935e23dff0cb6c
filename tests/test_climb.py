"""The climb: networks, loading, and a training that only counts training."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from course_utils.climb import Setup, Trainer, build_network, speed, train
from course_utils.climb import running as running_module
from course_utils.climb.judging import accuracy, autocast_dtype, logits
from course_utils.climb.loading import training_batches
from course_utils.climb.networks import NormalisedLectureCNN
from course_utils.climb.trainer import clock_of
from course_utils.networks import LectureCNN
from tests.climb_toys import tiny_data

CPU = torch.device("cpu")
QUICK = Setup(loader="memory", batch_size=16, learning_rate=0.05, channels_last=True)
needs_cuda = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a CUDA device"
)


def weights(model: torch.nn.Module) -> Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# networks


@pytest.mark.parametrize("name", ["lecture", "lecture_batch_norm", "residual"])
def test_a_network_gives_logits_of_as_many_classes(name: Any) -> None:
    assert build_network(name, 7)(torch.randn(2, 3, 32, 32)).shape == (2, 7)


def test_the_normalised_network_is_the_lectures_but_for_its_norms() -> None:
    images = torch.randn(4, 3, 32, 32)
    plain, normalised = LectureCNN(), NormalisedLectureCNN()
    normalised.load_state_dict(plain.state_dict(), strict=False)
    for norm in (normalised.norm1, normalised.norm2):
        norm.weight.data.fill_((1 + norm.eps) ** 0.5)  # undone in evaluation
    normalised.eval()
    assert torch.allclose(normalised(images), plain(images), atol=1e-5)


# loading


def test_both_loaders_give_the_same_images() -> None:
    data = tiny_data(train=8)
    found = []
    for loader in ("pil", "memory"):
        setup = Setup(loader=loader, batch_size=4)
        batches = list(training_batches(setup, data, CPU, seed=0))
        images = torch.cat([images for images, _ in batches])
        found.append(images[images.sum((1, 2, 3)).argsort()])
    assert torch.allclose(found[0], found[1], atol=1e-5)


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size is 99, but there are only 64"):
        training_batches(Setup(batch_size=99), tiny_data(), CPU, 0)


# training


def test_training_learns_to_tell_dark_from_bright() -> None:
    run = train(QUICK, tiny_data(), epochs=20, marks=2)
    assert run.marks[-1].accuracy == run.test_accuracy == 1
    assert run.marks[-1].loss < run.marks[0].loss


def test_the_same_seed_gives_the_same_weights_and_another_one_others() -> None:
    same = [weights(train(QUICK, tiny_data(), epochs=2).model) for _ in range(2)]
    other = weights(train(QUICK, tiny_data(), epochs=2, seed=1).model)
    assert torch.equal(*same)
    assert not torch.equal(same[0], other)


def test_marks_stand_at_their_shares_of_the_epochs() -> None:
    run = train(QUICK, tiny_data(), epochs=4, marks=[0.25, 1])
    assert [mark.images for mark in run.marks] == [64, 256]


def test_a_time_ends_the_training() -> None:
    run = train(QUICK, tiny_data(), seconds=0.3, marks=1)
    # a step on a busy machine may be slow, and the last one is finished
    assert 0.3 <= run.marks[-1].seconds < 3


def test_judging_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: Any) -> float:
        time.sleep(0.5)
        return 0.5

    monkeypatch.setattr(running_module, "accuracy", slow)
    run = train(QUICK, tiny_data(), seconds=0.1, marks=4)
    assert run.marks[-1].seconds < 1.5  # four times half a second were slept


def test_time_that_passes_without_work_can_be_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = Trainer.step

    def waited(self: Trainer, progress: float = 0.0) -> Tensor:
        time.sleep(0.1)  # as when other programs have the processor
        return step(self, progress)

    monkeypatch.setattr(Trainer, "step", waited)
    wall = train(QUICK, tiny_data(), epochs=2, marks=1)
    work = train(QUICK, tiny_data(), epochs=2, marks=1, clock="work")
    assert work.marks[-1].seconds < 0.8 <= wall.marks[-1].seconds


def test_workers_are_timed_by_the_clock_on_the_wall() -> None:
    setup = Setup(loader="pil_workers")
    assert clock_of("work", setup, CPU) is time.perf_counter
    assert clock_of("work", QUICK, CPU) is time.thread_time
    assert clock_of("work", QUICK, torch.device("cuda")) is time.perf_counter


def test_an_interruption_keeps_the_marks_so_far(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = iter(range(10))
    step = Trainer.step

    def interrupted(self: Trainer, progress: float = 0.0) -> Tensor:
        if next(steps) == 6:
            raise KeyboardInterrupt
        return step(self, progress)

    monkeypatch.setattr(Trainer, "step", interrupted)
    run = train(QUICK, tiny_data(), epochs=4, marks=4)
    assert not run.complete
    assert [mark.images for mark in run.marks] == [64]
    assert "1 of 4 marks are kept" in capsys.readouterr().out


@pytest.mark.parametrize("length", [{}, {"seconds": 1, "epochs": 1}])
def test_one_of_seconds_and_epochs_must_be_given(length: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give one of them"):
        train(QUICK, tiny_data(), **length)  # type: ignore[arg-type]


@pytest.mark.parametrize("marks", [0, [0.5], [0.0, 1.0]])
def test_marks_must_end_with_the_training(marks: Any) -> None:
    with pytest.raises(ValueError, match="marks is"):
        train(QUICK, tiny_data(), epochs=1, marks=marks)


def test_seconds_to_an_accuracy_are_those_of_the_first_mark_that_has_it() -> None:
    run = train(QUICK, tiny_data(), epochs=20, marks=2)
    assert run.seconds_to(1.0) in [mark.seconds for mark in run.marks]
    assert run.seconds_to(1.1) is None


def test_the_first_pass_changes_nothing() -> None:
    setup = replace(QUICK, network="lecture_batch_norm")
    trainer = Trainer(setup, tiny_data())
    assert trainer.first_call > 0
    assert trainer.images_seen == 0
    assert all(p.grad is None for p in trainer.model.parameters())
    assert trainer.model.state_dict()["norm1.num_batches_tracked"] == 0


def test_a_schedule_that_has_not_begun_leaves_the_weights() -> None:
    trainer = Trainer(replace(QUICK, schedule="triangular"), tiny_data())
    before = weights(trainer.model)
    trainer.step(progress=0.0)
    assert torch.equal(weights(trainer.model), before)


# precision and judging


def test_bfloat16_gives_float32_logits_and_keeps_float32_weights() -> None:
    trainer = Trainer(replace(QUICK, precision="bfloat16"), tiny_data())
    trainer.step()
    found = logits(trainer.model, torch.randn(2, 3, 32, 32), trainer.setup)
    assert found.dtype == torch.float32
    assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}


def test_a_card_without_bfloat16_takes_float16(monkeypatch: pytest.MonkeyPatch) -> None:
    setup, card = replace(QUICK, precision="bfloat16"), torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda _: False)
    assert autocast_dtype(setup, card) == torch.float16
    assert autocast_dtype(setup, CPU) == torch.bfloat16
    assert autocast_dtype(QUICK, card) is None


def test_flip_at_test_asks_the_mirror_image_as_well() -> None:
    data = tiny_data()

    class Leftmost(torch.nn.Module):
        """Sure of class 1 where the left edge is bright, else of class 0."""

        def __init__(self) -> None:
            super().__init__()
            self.anchor = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x: Tensor) -> Tensor:
            left = x[:, 0, 0, 0]
            return torch.stack([-left, 2 * left], dim=1) + self.anchor

    images = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    images[:, :, :, -16:] = 255  # dark on the left, bright on the right
    labels = torch.tensor([1, 1])
    plain = accuracy(Leftmost(), QUICK, data, images, labels)
    flipped = accuracy(
        Leftmost(), replace(QUICK, flip_at_test=True), data, images, labels
    )
    assert (plain, flipped) == (0, 1)


# speed


def test_every_setup_has_its_turn_in_every_round() -> None:
    setups = {"one": QUICK, "two": replace(QUICK, channels_last=False)}
    found = speed(setups, tiny_data(), rounds=3, seconds=0.02)
    assert [len(one.rates) for one in found.values()] == [3, 3]
    assert found["one"].ratio(found["one"]) == 1
    assert found["two"].images_per_second > 0


@needs_cuda
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_training_on_a_card_learns_as_well(precision: Any) -> None:
    setup = replace(QUICK, precision=precision)
    assert train(setup, tiny_data(), epochs=20, device="cuda").test_accuracy == 1
