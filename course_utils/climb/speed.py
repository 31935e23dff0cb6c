"""Images per second of several setups, measured in turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

import torch

from course_utils.climb.setup import Setup
from course_utils.climb.trainer import WAIT_EVERY, Clock, Trainer, clock_of
from course_utils.datasets import ImageData
from course_utils.devices.timing import synchronize


@dataclass
class Speed:
    """How fast a setup trains.

    Attributes:
        first_call: Seconds of the first pass, which `rates` leave out.
        rates: Images per second, one for each round.
    """

    first_call: float
    rates: list[float] = field(default_factory=list)

    @property
    def images_per_second(self) -> float:
        """Median over the rounds."""
        return median(self.rates)

    def ratio(self, other: Speed) -> float:
        """Return how many times as fast as the other: the median over the rounds."""
        return median(a / b for a, b in zip(self.rates, other.rates, strict=True))


def speed(
    setups: Mapping[str, Setup],
    data: ImageData,
    *,
    rounds: int = 5,
    seconds: float = 0.4,
    seed: int = 0,
    device: torch.device | str = "cpu",
    clock: Clock = "wall",
) -> dict[str, Speed]:
    """Measure how fast setups train, all within the same minutes.

    In each round every setup trains for ``seconds``, one after the other, so that all
    meet the same load of the machine; who begins changes with every round.

    Args:
        setups: By name.
        data: Whose training images to train on.
        rounds: How often each setup has its turn.
        seconds: Length of a turn; a quarter more goes before it, to warm up.
        seed: Of weights and orders.
        device: Where to train.
        clock: Which time counts; see `course_utils.climb.trainer.clock_of`.
    """
    trainers = {
        name: Trainer(setup, data, seed=seed, device=device)
        for name, setup in setups.items()
    }
    found = {name: Speed(trainer.first_call) for name, trainer in trainers.items()}
    names = list(setups)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            _rate(
                trainers[name], seconds / 4, clock
            )  # also empties what workers prepared
            found[name].rates.append(_rate(trainers[name], seconds, clock))
    return found


def _rate(trainer: Trainer, seconds: float, clock: Clock) -> float:
    """Train for a time; return images per second."""
    now = clock_of(clock, trainer.setup, trainer.device)
    before, steps = trainer.images_seen, 0
    start = now()
    while now() - start < seconds:
        trainer.step()
        steps += 1
        if steps % WAIT_EVERY == 0:
            synchronize(trainer.device)
    synchronize(trainer.device)
    return (trainer.images_seen - before) / (now() - start)
