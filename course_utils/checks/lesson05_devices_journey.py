"""Exercise 5.4: a mini-batch that travels once, and as bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.devices.copies import CopyCounter

OTHER = "meta"  # the second device that every machine has

Send = Callable[[list[Tensor], torch.device], Tensor]


def _reference(images: list[Tensor], device: torch.device) -> Tensor:
    count, shape = len(images), images[0].shape
    batch = torch.empty((count, *shape), dtype=torch.uint8, device=device)
    batch.copy_(torch.cat(images).view(count, *shape))
    return batch.to(torch.float32).div(255)


def _watched(answer: Send, images: list[Tensor]) -> dict[str, Any]:
    """Send to the CPU for the numbers, and to another device for the journeys."""
    floats = answer(images, torch.device("cpu"))
    with CopyCounter(OTHER) as counter:
        there = answer(images, torch.device(OTHER))
    return {
        "the floats": floats,
        "device of the floats": there.device.type
        if isinstance(there, Tensor)
        else there,
        "journeys": counter.copies,
        "bytes that travel": counter.bytes,
    }


def _one_by_one(images: list[Tensor], device: torch.device) -> Tensor:
    return torch.stack([image.to(device) for image in images]).float() / 255


def _floats_one_by_one(images: list[Tensor], device: torch.device) -> Tensor:
    return torch.stack([(image.float() / 255).to(device) for image in images])


def _first_only(images: list[Tensor], device: torch.device) -> Tensor:
    return images[0].to(device)[None].float() / 255


def _never_moved(images: list[Tensor], device: torch.device) -> Tensor:
    return torch.stack(images).float() / 255


def _not_assigned(images: list[Tensor], device: torch.device) -> Tensor:
    batch = torch.stack(images)
    batch.to(device)
    return batch.float() / 255


def _floats_travel(images: list[Tensor], device: torch.device) -> Tensor:
    return (torch.stack(images).float() / 255).to(device)


def _in_one_batch(finish: Callable[[Tensor], Tensor]) -> Send:
    """Return what sends the batch once, as bytes, and goes wrong behind that."""
    return lambda images, device: finish(torch.stack(images).to(device))


def _draw(generator: torch.Generator) -> tuple[list[Tensor]]:
    images = torch.randint(0, 256, (5, 3, 4, 6), generator=generator)
    return (list(images.to(torch.uint8)),)


_WHITE = torch.full((1, 1, 1), 255, dtype=torch.uint8)
_STEPS = torch.arange(0, 240, 10, dtype=torch.uint8).view(2, 3, 2, 2)

check_send_batch = Exercise(
    title="5.4 · One journey for a batch",
    reference=_reference,
    use=_watched,
    cases=(
        Case("one white pixel", ([_WHITE],)),
        Case("two images of 2 × 2 pixels", (list(_STEPS),)),
    ),
    draw=_draw,
    mistakes=(
        Mistake(
            "one_by_one",
            _one_by_one,
            "The floats are right, but every image makes a journey of its own, and "
            "each has the price of a call. (An image that is assigned to its place in "
            "a tensor over there is sent as well.) Stack first, where the images are; "
            "then send the batch once.",
        ),
        Mistake(
            "floats_one_by_one",
            _floats_one_by_one,
            "Two things at once: every image makes a journey of its own, and as "
            "floats, four bytes where one would do. Stack, send, then make floats.",
        ),
        Mistake(
            "floats_travel",
            _floats_travel,
            "One journey, but floats travel, four times the bytes. Send the bytes and "
            "make floats of them over there. (`.to(device, torch.float32)` converts "
            "*before* the journey.)",
        ),
        Mistake(
            "never_moved",
            _never_moved,
            "The batch is still on the CPU: nothing was sent to `device`.",
        ),
        Mistake(
            "not_assigned",
            _not_assigned,
            "The batch made its journey and was dropped: `.to` returns the copy over "
            "there, so assign it, `batch = batch.to(device)`.",
        ),
        Mistake(
            "bytes_returned",
            _in_one_batch(lambda batch: batch),
            "The journey is right, but bytes arrive and bytes are returned. Make "
            "floats between 0 and 1 of them.",
        ),
        Mistake(
            "not_scaled",
            _in_one_batch(Tensor.float),
            "You made floats and did not divide by 255: a white pixel is 255 in your "
            "batch and should be 1.",
        ),
        Mistake(
            "whole_numbers",
            _in_one_batch(lambda batch: (batch // 255).float()),
            "You divided in whole numbers, `//`, before there were floats: all but "
            "the white pixels became 0.",
        ),
        Mistake(
            "double",
            _in_one_batch(lambda batch: batch.double() / 255),
            "Your floats have 64 bits. Networks are given `float32`: half the memory.",
        ),
        Mistake(
            "not_stacked",
            lambda images, device: torch.cat(images).to(device).float() / 255,
            "`torch.cat` lays the images one behind the other, (N·C, H, W). "
            "`torch.stack` gives them an axis of their own, (N, C, H, W).",
        ),
        Mistake(
            "first_only",
            _first_only,
            "Only the first image is in your batch.",
        ),
    ),
    praise="One call, one byte a pixel; the arithmetic waits for the device.",
)
