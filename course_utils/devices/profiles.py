"""Where the time of a training step goes, read from `torch.profiler`."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile, record_function

from course_utils.devices.recipes import RECIPES, Recipe, batches
from course_utils.devices.timing import synchronize
from course_utils.networks import LectureCNN

if TYPE_CHECKING:
    from course_utils.datasets import ImageData

PHASES: Final = ("loader", "copy", "forward", "backward", "optimiser")

_TOP: Final = 5
_WORDS: Final = {
    "aten::convolution_backward": "gradients of a convolution",
    "aten::mkldnn_convolution": "convolution",
    "aten::cudnn_convolution": "convolution",
    "aten::max_pool2d_with_indices": "max pooling",
    "aten::max_pool2d_with_indices_backward": "gradients of max pooling",
    "aten::addmm": "linear layer: matrix product plus bias",
    "aten::mm": "matrix product, in the gradients of a linear layer",
    "aten::threshold_backward": "gradients of ReLU",
    "aten::clamp_min": "ReLU",
    "aten::relu": "ReLU",
    "aten::sum": "sum, in the gradients of a bias",
    "aten::copy_": "copy: to another dtype, order or device",
    "aten::index": "taking images out by their numbers",
    "aten::add_": "addition in place",
    "aten::mul_": "multiplication in place",
    "aten::sub_": "subtraction in place",
    "aten::div": "division",
    "aten::div_": "division in place",
    "aten::cat": "joining tensors",
    "aten::stack": "joining images to a batch",
    "aten::_foreach_add_": "the optimiser's update, all parameters at once",
    "aten::_foreach_mul_": "the optimiser's momentum, all parameters at once",
    "aten::_log_softmax": "log-softmax, in the loss",
    "aten::empty": "asking for memory",
    "aten::empty_strided": "asking for memory",
    "aten::fill_": "filling with a number",
    "aten::zero_": "filling with zeros",
}


def measure_profile(
    device: torch.device | str,
    data: ImageData,
    *,
    images: int = 512,
    rounds: int = 5,
) -> dict[str, Any]:
    """Profile training steps of the lecture's network, for each way of loading.

    A phase ends when the device has done its work: without that wait the time of the
    forward pass would turn up wherever the host happens to wait.

    Args:
        device: Where to train.
        data: Its training images are used.
        images: Images trained on in each round, for each way.
        rounds: Every way is profiled once in each round.

    Returns:
        ``{"network", "rounds", "images", "recipes": [...]}``; each recipe is a dict of
        ``name``, ``batch_size``, ``steps``, ``phases`` (microseconds an image, medians
        over the steps), ``images_per_second`` without the profiler, ``slowdown`` by
        the profiler, and the top ``operators`` of the last round. Ready for JSON.

    Raises:
        ValueError: If there are fewer images than the largest batch holds.
    """
    device = torch.device(device)
    largest = max(recipe.batch_size for recipe in RECIPES)
    if min(images, len(data.train_images)) < largest or rounds < 1:
        raise ValueError(
            f"images is {images} of {len(data.train_images)}, rounds {rounds}; "
            f"expected at least {largest} images and 1 round"
        )
    # else the profiler's library writes its own notes to the notebook's error output
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    runs = [_Run(recipe, device, data) for recipe in RECIPES]
    for _ in range(rounds):
        for run in runs:
            run.measure(images // run.recipe.batch_size)
    return {
        "network": "the lecture's network",
        "rounds": rounds,
        "images": images,
        "recipes": [run.as_dict() for run in runs],
    }


def operator_table(recipe: dict[str, Any]) -> str:
    """Return the top operators of a profiled recipe as lines of text."""
    head = f"{'µs an image':>11}{'calls a step':>14}  operator"
    lines = [
        f"{row['microseconds']:>11.1f}{row['calls']:>14.1f}  {row['name']}"
        + (f": {_WORDS[row['name']]}" if row["name"] in _WORDS else "")
        for row in recipe["operators"]
    ]
    return "\n".join([head, *lines])


class _Run:
    """One recipe: its network, its batches and what was measured so far."""

    def __init__(self, recipe: Recipe, device: torch.device, data: ImageData) -> None:
        self.recipe, self.device = recipe, device
        self.model = LectureCNN(len(data.class_names)).to(device)
        self.optimizer = torch.optim.SGD(self.model.parameters(), 1e-3, momentum=0.9)
        self.batches = batches(recipe, data.train_images, data.train_labels, device)
        self.phases: dict[str, list[float]] = {name: [] for name in PHASES}
        self.plain: list[float] = []  # seconds a step without the profiler
        self.profiled: list[float] = []
        self.profiler: profile  # of the last round
        self.steps = 0

    def measure(self, steps: int) -> None:
        """Train for some steps without the profiler and for as many with it."""
        self._step(_no_phase)  # warm-up
        self.plain.append(self._steps(steps, _no_phase))
        activities = [ProfilerActivity.CPU]
        if self.device.type == "cuda":
            activities.append(ProfilerActivity.CUDA)
        with profile(activities=activities) as profiler:
            self.profiled.append(self._steps(steps, self._phase))
        for event in profiler.events():
            name = event.name.removeprefix("phase: ")
            if name != event.name and event.device_type.name == "CPU":
                self.phases[name].append(event.cpu_time)  # microseconds
        self.profiler, self.steps = profiler, steps

    def as_dict(self) -> dict[str, Any]:
        size = self.recipe.batch_size
        seconds = statistics.median(self.plain)
        ratios = [p / q for p, q in zip(self.profiled, self.plain, strict=True)]
        return {
            "name": self.recipe.name,
            "batch_size": size,
            "steps": len(self.phases["forward"]),
            "phases": {
                name: round(statistics.median(times) / size, 3)
                for name, times in self.phases.items()
            },
            "images_per_second": round(size / seconds, 1),
            "slowdown": round(statistics.median(ratios), 3),
            "operators": _top(self.profiler, self.device, self.steps, size),
        }

    def _steps(self, steps: int, phase: Callable[[str], Any]) -> float:
        """Train; return the seconds of a step."""
        start = time.perf_counter()
        for _ in range(steps):
            self._step(phase)
        synchronize(self.device)
        return (time.perf_counter() - start) / steps

    def _step(self, phase: Callable[[str], Any]) -> None:
        with phase("loader"):
            images, labels = next(self.batches)
        with phase("copy"):
            images, labels = images.to(self.device), labels.to(self.device)
        with phase("forward"):
            loss = F.cross_entropy(self.model(images), labels)
        with phase("backward"):
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
        with phase("optimiser"):
            self.optimizer.step()

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        with record_function(f"phase: {name}"):
            yield
            synchronize(self.device)


@contextmanager
def _no_phase(name: str) -> Iterator[None]:
    yield


def _top(
    profiler: profile, device: torch.device, steps: int, batch_size: int
) -> list[dict[str, Any]]:
    """Return the operators that took most time themselves, without what they call."""
    own = "self_cpu_time_total" if device.type != "cuda" else "self_device_time_total"
    found = [e for e in profiler.key_averages() if e.key.startswith("aten::")]
    found.sort(key=lambda event: getattr(event, own), reverse=True)
    return [
        {
            "name": event.key,
            "calls": round(event.count / steps, 2),
            "microseconds": round(getattr(event, own) / steps / batch_size, 3),
        }
        for event in found[:_TOP]
    ]
