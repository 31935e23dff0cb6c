"""Exercise 5.8: the largest batch that fits."""

from __future__ import annotations

import math

import torch

from course_utils.checks.engine import Case, Exercise, Mistake

_BYTES = 4  # of a float32 number


def _reference(memory: int, parameters: int, activations: int) -> int:
    """Count up, as somebody would who tries it out; by powers of two to be quick."""
    fits, step = 0, 1 << 40
    while step:
        needed = _BYTES * (3 * parameters + (fits + step) * activations)
        fits += step if needed <= memory else 0
        step //= 2
    return fits


def _left(memory: int, parameters: int, activations: int, copies: int) -> int:
    left = memory - copies * _BYTES * parameters
    return max(left // (_BYTES * activations), 0)


def _weights_only(memory: int, parameters: int, activations: int) -> int:
    return _left(memory, parameters, activations, 1)


def _no_momentum(memory: int, parameters: int, activations: int) -> int:
    return _left(memory, parameters, activations, 2)


def _activations_only(memory: int, parameters: int, activations: int) -> int:
    return _left(memory, parameters, activations, 0)


def _numbers(memory: int, parameters: int, activations: int) -> int:
    return max((memory - 3 * parameters) // activations, 0)


def _weights_an_image(memory: int, parameters: int, activations: int) -> int:
    return memory // (_BYTES * (3 * parameters + activations))


def _rounded_up(memory: int, parameters: int, activations: int) -> int:
    left = memory - 3 * _BYTES * parameters
    return max(math.ceil(left / (_BYTES * activations)), 0)


def _below_zero(memory: int, parameters: int, activations: int) -> int:
    return (memory - 3 * _BYTES * parameters) // (_BYTES * activations)


def _bits(memory: int, parameters: int, activations: int) -> int:
    return max((memory - 3 * 32 * parameters) // (32 * activations), 0)


def _fraction(memory: int, parameters: int, activations: int) -> float:
    return max((memory - 3 * _BYTES * parameters) / (_BYTES * activations), 0.0)


def _draw(generator: torch.Generator) -> tuple[int, int, int]:
    parameters, activations, images = (
        int(torch.randint(low, high, (), generator=generator))
        for low, high in ((1_000, 9_000), (1_000, 9_000), (20, 90))
    )
    return 4 * (3 * parameters + images * activations) + 77, parameters, activations


check_largest_batch = Exercise(
    title="5.8 · The largest batch that fits",
    reference=_reference,
    cases=(
        Case("room for exactly ten images", (52_000, 1_000, 1_000)),
        Case("one byte less", (51_999, 1_000, 1_000)),
        Case("the lecture's network in 16 MiB", (16 * 2**20, 57_712, 16_728)),
        Case("not even the weights fit", (10_000, 1_000, 1_000)),
    ),
    mistakes=(
        Mistake(
            "activations_only",
            _activations_only,
            "You gave all memory to the activations. Weights, gradients and momentum "
            "are there before the first image comes: three numbers a parameter.",
        ),
        Mistake(
            "weights_only",
            _weights_only,
            "You counted the weights once. Training keeps a gradient and a momentum "
            "for each weight: three numbers a parameter, not one.",
        ),
        Mistake(
            "no_momentum",
            _no_momentum,
            "Weights and gradients, but no momentum: SGD with momentum remembers a "
            "third number for each parameter (Adam even a fourth).",
        ),
        Mistake(
            "numbers_for_bytes",
            _numbers,
            "You counted numbers, but memory comes in bytes: a float32 takes 4.",
        ),
        Mistake(
            "bits_for_bytes",
            _bits,
            "You took 32 bytes for each number. A float32 has 32 *bits*: 4 bytes.",
        ),
        Mistake(
            "weights_for_every_image",
            _weights_an_image,
            "You took the weights once for each image. All images of a batch share "
            "them: subtract them first, then divide by what one image needs.",
        ),
        Mistake(
            "rounded_up",
            _rounded_up,
            "The last image does not fit as a whole. Round down: `//`.",
        ),
        Mistake(
            "fraction",
            _fraction,
            "A batch is a whole number of images. Round down: `//`.",
        ),
        Mistake(
            "below_zero",
            _below_zero,
            "Where not even the weights fit, the largest batch is 0, not less: "
            "`max(…, 0)`.",
        ),
    ),
    draw=_draw,
    praise="And when 0 comes out, no smaller batch helps: the model itself is too big.",
)
