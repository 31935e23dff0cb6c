"""The rungs of the climb: what each one changes, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from course_utils.climb.setup import Setup


@dataclass(frozen=True)
class Rung:
    """One change to a recipe.

    Attributes:
        name: Short, as it stands in tables and figures.
        setup: The recipe with the change.
        base: Name of the rung that it is compared with; empty for the first.
        change: What is changed, in words.
        question: What to predict before looking.
        kept: Whether the rungs after it keep the change; decided by the rule of
            `course_utils.climb.ladder.worth_keeping`, on two cores of a processor.
        speed_alone: Whether the same is learnt from each image, but for rounding.
    """

    name: str
    setup: Setup
    base: str
    change: str
    question: str
    kept: bool
    speed_alone: bool = False


@dataclass
class _Climb:
    """Rungs in the making: each change goes onto the last one that was kept."""

    rungs: list[Rung]

    def add(
        self,
        name: str,
        change: str,
        question: str,
        *,
        kept: bool,
        speed_alone: bool = False,
        **choices: Any,
    ) -> None:
        base = next(rung for rung in reversed(self.rungs) if rung.kept)
        setup = replace(base.setup, **choices)
        self.rungs.append(
            Rung(name, setup, base.name, change, question, kept, speed_alone)
        )


def _climb() -> tuple[Rung, ...]:
    climb = _Climb([
        Rung(
            "the lecture",
            Setup(),
            "",
            "batch 4, SGD with learning rate 0.001 and momentum 0.9, one PIL image at "
            "a time",
            "How many images a second does the lecture's recipe train on?",
            kept=True,
        )
    ])  # fmt: skip
    _the_loop(climb)
    _the_arithmetic(climb)
    _the_recipe(climb)
    _the_network(climb)
    return tuple(climb.rungs)


def _the_loop(climb: _Climb) -> None:
    climb.add(
        "tutorial style",
        "batch 64 from a DataLoader with two workers, as many tutorials have it; the "
        "learning rate stays 0.001",
        "Several times as many images a second: does it learn more in the same time?",
        kept=False,
        loader="pil_workers",
        batch_size=64,
    )
    climb.add(
        "data in memory",
        "all images as bytes in one tensor; a batch is one indexing operation",
        "The loader's work all but vanishes: how much faster is the training?",
        kept=True,
        speed_alone=True,
        loader="memory",
    )
    climb.add(
        "batch 128 alone",
        "128 images in a batch instead of 4; the learning rate stays 0.001",
        "32 times fewer steps an epoch: faster by how much, and better or worse?",
        kept=False,
        batch_size=128,
    )
    climb.add(
        "batch 128, rate fitted",
        "batch 128, and the learning rate times 32 as well: 0.032",
        "The same speed as before: does it learn more in the same time now?",
        kept=True,
        batch_size=128,
        learning_rate=0.032,
    )


def _the_arithmetic(climb: _Climb) -> None:
    climb.add(
        "channels last",
        "the channels of each pixel side by side in memory",
        "The same numbers in another order: does the order matter for the speed?",
        kept=True,
        speed_alone=True,
        channels_last=True,
    )
    climb.add(
        "bfloat16",
        "convolutions and matrix products in bfloat16 (autocast)",
        "Half the bits: twice as fast?",
        kept=False,
        speed_alone=True,
        precision="bfloat16",
    )
    climb.add(
        "compiled",
        "the network translated by torch.compile",
        "Does a compiler make this small network faster?",
        kept=False,
        speed_alone=True,
        compiled=True,
    )


def _the_recipe(climb: _Climb) -> None:
    climb.add(
        "batch norm",
        "a batch norm after each convolution",
        "Each step takes longer: is it worth that?",
        kept=False,
        network="lecture_batch_norm",
    )
    climb.add(
        "schedule",
        "the learning rate rises from 0 to 0.064 and falls back to 0 at the end; its "
        "mean stays as it was",
        "What does it matter when the steps are large?",
        kept=True,
        schedule="triangular",
        learning_rate=0.064,
    )
    climb.add(
        "label smoothing",
        "a tenth of the target spread over all classes",
        "Does being less certain help in so short a time?",
        kept=True,
        label_smoothing=0.1,
    )
    climb.add(
        "augmentation",
        "half of the images mirrored, all shifted by up to two pixels",
        "More variety of images: does it help in so short a time?",
        kept=False,
        augmented=True,
    )


def _the_network(climb: _Climb) -> None:
    climb.add(
        "residual network",
        "a small residual network with batch norm instead of the lecture's",
        "It computes far more for each image: what wins, its speed or its design?",
        kept=False,
        network="residual",
    )
    climb.add(
        "residual, bfloat16",
        "the residual network again, computed in bfloat16",
        "Two changes were rejected, each by itself: what of both together?",
        kept=True,
        network="residual",
        precision="bfloat16",
    )
    climb.add(
        "flip at test time",
        "the logits of an image and its mirror image are averaged",
        "It costs no training time: what does it bring?",
        kept=True,
        flip_at_test=True,
    )


CLIMB: Final = _climb()


def rung(name: str) -> Rung:
    """Return a rung by its name.

    Raises:
        ValueError: If there is none of that name.
    """
    for found in CLIMB:
        if found.name == name:
            return found
    names = ", ".join(repr(one.name) for one in CLIMB)
    raise ValueError(f"there is no rung {name!r}; there are {names}")
