"""Exercises 7.3 and 7.4: inputs as the weights know them, and features kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Channels = tuple[float, float, float]
Prepare = Callable[[Tensor, Channels, Channels], Tensor]
IMAGENET: tuple[Channels, Channels] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF: tuple[Channels, Channels] = ((0.5, 0.5, 0.5), (0.25, 0.5, 0.125))


def _column(values: Channels) -> Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)


def _prepared(images: Tensor, mean: Channels, std: Channels) -> Tensor:
    from torchvision.transforms.v2 import functional as v2

    scaled = v2.to_dtype(images, torch.float32, scale=True)
    prepared: Tensor = v2.normalize(scaled, list(mean), list(std))
    return prepared


def _own_statistics(images: Tensor, *_: Channels) -> Tensor:
    pixels, dims = images.float(), (0, 2, 3)
    return (pixels - pixels.mean(dims, keepdim=True)) / pixels.std(dims, keepdim=True)


def _pictures(generator: torch.Generator) -> Tensor:
    return torch.randint(0, 256, (2, 3, 4, 5), generator=generator, dtype=torch.uint8)


_FIRST = _pictures(torch.Generator().manual_seed(7))

check_prepare = Exercise(
    title="7.3 · Inputs as the weights know them",
    reference=_prepared,
    cases=(
        Case("two images, ImageNet's statistics", (_FIRST, *IMAGENET)),
        Case("three different deviations", (_FIRST, *HALF)),
        Case("two bright images", (255 - _FIRST // 4, *IMAGENET)),
    ),
    mistakes=(
        Mistake(
            "bytes_not_scaled",
            lambda x, mean, std: (x.float() - _column(mean)) / _column(std),
            "You subtracted 0.485 from a byte of up to 255. These means and deviations "
            "are for values from 0 to 1: divide by 255 first.",
        ),
        Mistake(
            "scaled_only",
            lambda x, mean, std: x.float() / 255,
            "You scaled to 0 … 1 and stopped there. The body was trained on inputs "
            "less a mean, divided by a deviation.",
        ),
        Mistake(
            "own_statistics",
            _own_statistics,
            "You normalised by the statistics of *these* images. That was right for a "
            "network of your own; this body knows inputs normalised by the numbers "
            "that came with its weights.",
        ),
        Mistake(
            "deviation_forgotten",
            lambda x, mean, std: x.float() / 255 - _column(mean),
            "The mean is off, but you did not divide by the deviation.",
        ),
        Mistake(
            "swapped",
            lambda x, mean, std: _prepared(x, std, mean),
            "Mean and deviation are swapped: subtract the mean, divide by the "
            "deviation.",
        ),
        Mistake(
            "divided_first",
            lambda x, mean, std: x.float() / 255 / _column(std) - _column(mean),
            "You divided before you subtracted. The mean is that of the values from "
            "0 to 1: subtract it first.",
        ),
        Mistake(
            "blue_first",
            lambda x, mean, std: _prepared(x.flip(1), mean, std),
            "Your channels are turned round. Torchvision's weights expect red, green, "
            "blue, the order in which the images come.",
        ),
        Mistake(
            "last_axis",
            lambda x, mean, std: (
                (x.float() / 255 - torch.tensor(mean)) / torch.tensor(std)
            ),
            "Three numbers without axes meet the *last* axis, the columns. Give them "
            "the shape (1, 3, 1, 1), so that each meets its channel.",
        ),
        Mistake(
            "twice",
            lambda x, mean, std: (
                (_prepared(x, mean, std) - _column(mean)) / _column(std)
            ),
            "You normalised twice. Once is enough, and twice is another picture.",
        ),
    ),
    draw=lambda generator: (_pictures(generator), *IMAGENET),
    praise="Scaled, less the mean, divided by the deviation: the numbers come with the "
    "weights, not with your images.",
)

Cache = Callable[[nn.Module, Tensor, int], Tensor]


class _Body(nn.Module):
    """A small body with batch norm and dropout that notes its largest batch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.dropout = nn.Dropout2d(0.5)
        self.largest = 0

    def forward(self, x: Tensor) -> Tensor:
        """Return feature maps, (N, 4, H, W)."""
        self.largest = max(self.largest, len(x))
        maps: Tensor = self.dropout(self.norm(self.conv(x))).relu()
        return maps


def _body() -> _Body:
    """A body as it comes from training: in training mode, with a history."""
    generator = torch.Generator().manual_seed(5)
    body = _Body()
    for tensor in (*body.parameters(), body.norm.running_mean):
        if tensor is not None:
            tensor.data = 0.5 * torch.randn(tensor.shape, generator=generator)
    return body.train()


def _run(answer: Cache, count: int, batch_size: int) -> dict[str, Any] | None:
    """Cache the features of some images; say what matters of them."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(count)
    images = torch.randn(count, 3, 4, 4, generator=generator)
    body = _body()
    features = answer(body, images, batch_size)
    if features is None:
        return None
    return {
        "features": features.detach(),
        "largest batch": body.largest,
        "gradients are recorded": features.requires_grad,
    }


def _features(
    body: nn.Module,
    images: Tensor,
    batch_size: int,
    pool: Callable[[Tensor], Tensor] = lambda maps: maps.mean(dim=(2, 3)),
) -> Tensor:
    body.eval()
    with torch.no_grad():
        return torch.cat([pool(body(part)) for part in torch.split(images, batch_size)])


def _pooled(pool: Callable[[Tensor], Tensor]) -> Cache:
    return lambda body, images, size: _features(body, images, size, pool)


def _careless(body: nn.Module, images: Tensor, batch_size: int) -> Tensor:
    parts = torch.split(images, batch_size)
    return torch.cat([body(part).mean(dim=(2, 3)) for part in parts])


def _in_training_mode(body: nn.Module, images: Tensor, batch_size: int) -> Tensor:
    with torch.no_grad():
        return _careless(body, images, batch_size)


def _with_graph(body: nn.Module, images: Tensor, batch_size: int) -> Tensor:
    return _careless(body.eval(), images, batch_size)


check_cache_features = Exercise(
    title="7.4 · Features computed once",
    reference=_features,
    use=_run,
    cases=(
        Case("8 images in batches of 4", (8, 4)),
        Case("7 images in batches of 3: the last batch is smaller", (7, 3)),
        Case("2 images in batches of 5", (2, 5)),
    ),
    mistakes=(
        Mistake(
            "training_mode_and_gradients",
            _careless,
            "The body is in training mode, and gradients are recorded. You need both: "
            "`body.eval()`, so that a picture's features do not depend on its "
            "neighbours, and `torch.no_grad()`, so that nothing is kept for a "
            "backward pass that never comes.",
        ),
        Mistake(
            "training_mode",
            _in_training_mode,
            "The body is in training mode: its batch norm uses the batch's own "
            "statistics, and its dropout sets maps to 0. `no_grad` does not change "
            "that; `body.eval()` does.",
        ),
        Mistake(
            "gradients_recorded",
            _with_graph,
            "Each feature still carries the graph it came from, and all activations "
            "stay in memory. Wrap the passes in `torch.no_grad()`.",
        ),
        Mistake(
            "last_batch_dropped",
            lambda body, images, size: _features(
                body, images[: max(1, len(images) // size) * size], size
            ),
            "The last images are missing: a smaller last batch counts as well.",
        ),
        Mistake(
            "all_at_once",
            lambda body, images, size: _features(body, images, len(images)),
            "The features are right, but all images went through at once. With 5000 "
            "photographs that fills the memory: use batches of `batch_size`.",
        ),
        Mistake(
            "not_pooled",
            _pooled(lambda maps: maps.flatten(1)),
            "You flattened the maps. Average each map over height and width: one "
            "number a channel, (N, C).",
        ),
        Mistake(
            "largest_value",
            _pooled(lambda maps: maps.amax(dim=(2, 3))),
            "You took each map's largest value. The body's own head was trained on "
            "the *mean* over height and width.",
        ),
        Mistake(
            "over_channels",
            _pooled(lambda maps: maps.mean(dim=1).flatten(1)),
            "You averaged over the channels, which are the features. Average over "
            "height and width: `dim=(2, 3)`.",
        ),
    ),
    praise="One pass, in evaluation mode, without gradients, in the images' order.",
)
