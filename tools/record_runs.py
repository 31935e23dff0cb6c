"""Record lesson 05's runs on a machine, for those who have no such machine.

    python -m tools.record_runs climb --data FOLDER

Writes ``data/recorded/training_<what>.json``, where each kind of device has a slot;
only that of the device at hand is replaced. A killed recording of the climb or of the
recipe goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Final

import torch

from course_utils.datasets import ImageData, load_cifar10
from tools import recording_climb, recording_recipe
from tools.recording_slots import DEVICES, Slot, circumstances, keep_slot

VALIDATION_SIZE: Final = 5_000
SECONDS: Final = 20.0

Options = argparse.Namespace


def sizes(options: Options) -> Slot:
    """How fast products and convolutions are, from tiny to large."""
    from course_utils.devices import measure_sizes

    return circumstances(options.device) | measure_sizes(options.device)


def profile(options: Options) -> Slot:
    """Where the time of a training step goes."""
    from course_utils.devices import measure_profile

    data = images(options.data)
    found = measure_profile(options.device, data)
    return circumstances(options.device, data) | found


def climb(options: Options) -> Slot:
    """Every rung of the climb: speed, and accuracy after a fixed training time."""
    return recording_climb.measure(
        images(options.data),
        options.device,
        seeds=options.seeds,
        seconds=options.seconds,
        clock=options.clock,
    )


def recipe(options: Options) -> Slot:
    """The fast recipe against the lecture's; its budgets are its own."""
    data = images(options.data)
    return recording_recipe.measure(data, options.device, seeds=options.seeds)


WHAT: Final[dict[str, Callable[[Options], Slot]]] = {
    "sizes": sizes,
    "profile": profile,
    "climb": climb,
    "recipe": recipe,
}


def images(source: str) -> ImageData:
    """Load the images to train on."""
    if source == "drawn":
        return load_cifar10("drawn")
    return load_cifar10(source, validation_size=VALIDATION_SIZE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one thing and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("--data", default="drawn", help="a folder, or: drawn, official")
    parser.add_argument("--device", choices=DEVICES, default="cpu")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of the processor")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help="of each training of the climb"
    )
    parser.add_argument(
        "--clock",
        choices=("wall", "work"),
        default="wall",
        help="for the climb; on a busy machine: work, and --threads 1",
    )
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("torch finds no CUDA device here; leave --device out for the CPU")
    torch.set_num_threads(options.threads)
    file = keep_slot(options.what, options.device, WHAT[options.what](options))
    print(f"wrote {file.name}, slot {options.device}")


if __name__ == "__main__":
    main()
