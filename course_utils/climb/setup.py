"""Every choice that a recipe for training makes, in one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

Loader = Literal["pil", "pil_workers", "memory"]
Precision = Literal["float32", "bfloat16"]
NetworkName = Literal["lecture", "lecture_batch_norm", "residual"]
Schedule = Literal["constant", "triangular"]

_PEAK_AT: Final = 0.2  # share of the training at which the triangle is highest
_CHOICES: Final = {
    "loader": get_args(Loader),
    "precision": get_args(Precision),
    "network": get_args(NetworkName),
    "schedule": get_args(Schedule),
}


@dataclass(frozen=True)
class Setup:
    """A recipe; as it comes, it is the lecture's.

    Attributes:
        loader: ``"pil"`` opens one image at a time, as torchvision does;
            ``"pil_workers"`` lets two processes do that; ``"memory"`` keeps all images
            as bytes on the device and takes whole batches out.
        batch_size: Images in a mini-batch.
        learning_rate: Of SGD with momentum; the highest one where there is a schedule.
        momentum: Of SGD.
        channels_last: Keep the channels of a pixel side by side in memory.
        precision: What convolutions and matrix products are computed in; weights stay
            float32. A CUDA device without bfloat16 takes float16 and scales the loss.
        compiled: Translate the network with ``torch.compile``.
        network: Which network; see `course_utils.climb.networks`.
        schedule: ``"triangular"`` raises the learning rate from 0 and lets it fall to 0
            at the end of the training.
        label_smoothing: Share of the target that is spread over all classes.
        augmented: Mirror half of the training images and shift them by up to 2 pixels;
            for the loader ``"memory"``.
        flip_at_test: Average the logits of an image and its mirror image.

    Raises:
        ValueError: If a choice is unknown or a number out of range.
    """

    loader: Loader = "pil"
    batch_size: int = 4
    learning_rate: float = 1e-3
    momentum: float = 0.9
    channels_last: bool = False
    precision: Precision = "float32"
    compiled: bool = False
    network: NetworkName = "lecture"
    schedule: Schedule = "constant"
    label_smoothing: float = 0.0
    augmented: bool = False
    flip_at_test: bool = False

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            value = getattr(self, name)
            if value not in known:
                raise ValueError(
                    f"{name} is {value!r}; choose one of {', '.join(map(repr, known))}"
                )
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}; expected 1 or more")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate is {self.learning_rate}; expected above 0")
        for name in ("momentum", "label_smoothing"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise ValueError(f"{name} is {value}; expected from 0 to below 1")
        if self.augmented and self.loader != "memory":
            raise ValueError(
                f"augmented images are for loader='memory', this is {self.loader!r}"
            )

    def learning_rate_at(self, progress: float) -> float:
        """Return the learning rate when ``progress`` (0 to 1) of the training is done.

        Raises:
            ValueError: If ``progress`` lies outside 0 to 1.
        """
        if not 0 <= progress <= 1:
            raise ValueError(f"progress is {progress}; expected from 0 to 1")
        if self.schedule == "constant":
            return self.learning_rate
        rising, falling = progress / _PEAK_AT, (1 - progress) / (1 - _PEAK_AT)
        return self.learning_rate * min(rising, falling)
