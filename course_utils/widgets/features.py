"""The feature-map explorer: change a kernel, see maps and prediction change."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import torch
import traitlets
from torch import Tensor, nn

from course_utils.live_widget import LiveWidget
from course_utils.widgets import features_words as words
from course_utils.widgets.features_chain import Reading, private_copy, record_chain
from course_utils.widgets.features_data import network_data, pictures_data
from course_utils.widgets.features_edits import (
    Edit,
    edited_copy,
    weight_of,
    with_kernel,
)
from course_utils.widgets.features_inputs import (
    as_channel_values,
    as_images,
    as_labels,
    normalised,
)
from course_utils.widgets.module import features_module, features_style
from course_utils.widgets.settings import WholeNumber
from course_utils.widgets.table import StepTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST: Final = 1_000_000  # of indices; how many there are is checked one by one
_HEADER: Final = ("class", "logit", "probability", "probability before")


class FeatureMapExplorer(LiveWidget):
    """A small network whose kernels can be changed, with every map and the prediction.

    The explorer works on a copy: ``model`` never changes. Every state can be read and
    set: ``explorer.layer = "conv2"``. A kernel is read and set whole:
    ``explorer.kernel = explorer.kernel * 0``.

    Args:
        model: Layers called one after another, from images to logits.
        images: A few images, uint8, (N, 3, H, W), before normalisation.
        labels: Their true classes, (N,).
        class_names: What the labels mean.
        mean: Mean of each channel, for pixels in 0 … 1.
        std: Standard deviation of each channel, likewise.

    Raises:
        TypeError: If ``model`` is no module.
        ValueError: If the explorer cannot compute the model, naming the layer, or if
            images, labels, names, mean and std do not go together.
    """

    _esm = features_module()
    _css = features_style()

    image_index = WholeNumber(0, 0, _MOST).tag(sync=True)
    layer = traitlets.Any("").tag(sync=True)
    channel = WholeNumber(0, 0, _MOST).tag(sync=True)
    in_channel = WholeNumber(0, 0, _MOST).tag(sync=True)
    _edits: traitlets.List[Edit] = traitlets.List().tag(sync=True)
    _network: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _pictures: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _class_names: traitlets.List[str] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        model: nn.Module,
        images: Tensor,
        labels: Any,
        class_names: Sequence[str],
        *,
        mean: Any,
        std: Any,
    ) -> None:
        if not isinstance(model, nn.Module):
            raise TypeError(f"model is {type(model).__name__}; expected an nn.Module")
        self.images = as_images(images)
        self.labels = as_labels(labels, len(self.images), class_names)
        channels = self.images.shape[1]
        scale = [
            as_channel_values(name, value, channels)
            for name, value in (("mean", mean), ("std", std))
        ]
        self._inputs = normalised(self.images, *scale)
        self._model = private_copy(model)
        self._chain = record_chain(deepcopy(self._model).double(), self._inputs[:2])
        self._require_classes(class_names)
        super().__init__()
        self._class_names = list(class_names)
        self._network = network_data(self._chain, self._model)
        self._pictures = pictures_data(self.images, self.labels, *scale)
        self.layer = self._first_layer()

    @property
    def image(self) -> Tensor:
        """The chosen image, uint8, (3, H, W)."""
        return self.images[self.image_index]

    @property
    def label(self) -> int:
        """The true class of the chosen image."""
        return self.labels[self.image_index]

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the labels mean."""
        return tuple(self._class_names)

    @property
    def convolution(self) -> str | None:
        """The convolution to which ``kernel`` belongs: the last one up to ``layer``."""
        return self._chain.convolution_at(self.layer)

    @property
    def kernel(self) -> Tensor | None:
        """The kernel from ``in_channel`` to ``channel``, float32, (height, width).

        Reads ``None`` where no convolution comes before ``layer``. Set it whole, as a
        tensor, nested lists or the name of a preset such as ``"sobel_vertical"``.
        """
        if self.convolution is None:
            return None
        weight = weight_of(self._edited(), self.convolution)
        return weight[self.channel, self.in_channel].float()

    @kernel.setter
    def kernel(self, value: Any) -> None:
        if self.convolution is None:
            raise ValueError(
                f"no convolution comes before {self.layer}; choose another layer"
            )
        place = (self.convolution, self.channel, self.in_channel)
        self._edits = with_kernel(self._edits, self._model, place, value)

    @property
    def feature_maps(self) -> Tensor:
        """The maps of ``layer`` with the changed kernels, float32, (C, H, W)."""
        return self.reading().outputs[self.layer].float()

    @property
    def logits(self) -> Tensor:
        """The logits with the changed kernels, float32, (number of classes,)."""
        return self.reading().logits.float()

    @property
    def probabilities(self) -> Tensor:
        """The softmax of the logits, float32, (number of classes,)."""
        return torch.tensor(self.reading().probabilities)

    @property
    def prediction(self) -> str:
        """The name of the most probable class."""
        return self._class_names[words.first_largest(self.reading().probabilities)]

    def edited_state_dict(self) -> dict[str, Tensor]:
        """The model's weights with the changed kernels, for ``load_state_dict``."""
        return dict(self._edited().state_dict())

    def reset(self) -> None:
        """Put every kernel back."""
        self._edits = []

    def reading(self, *, changed: bool = True) -> Reading:
        """What every layer gives for the chosen image, with or without the changes."""
        model = (self._edited() if changed else deepcopy(self._model)).double()
        outputs = self._chain.run(model, self._inputs[self.image_index, None])
        return Reading({label: output[0] for label, output in outputs.items()})

    def filmstrip(self) -> Figure:
        """Draw image, maps of the chosen layer and probabilities as a static figure.

        End the cell with ``plt.show()``.
        """
        from course_utils.widgets.features_figure import features_filmstrip

        return features_filmstrip(self)

    def table(self) -> StepTable:
        """Logits and probabilities, and what is seen, in words."""
        now, before = self.reading(), self.reading(changed=False)
        columns = zip(
            self._class_names,
            [words.fixed(float(logit)) for logit in now.logits],
            [words.fixed(value) for value in now.probabilities],
            [words.fixed(value) for value in before.probabilities],
            strict=True,
        )
        caption = f"{self!r}: true class {self._class_names[self.label]}"
        return StepTable(
            caption, _HEADER, [list(row) for row in columns], self._sentences()
        )

    def changed_maps(self) -> dict[str, list[bool]]:
        """Which maps of each layer differ from those of the network as it was given."""
        now, before = (self.reading(changed=c).outputs for c in (True, False))
        return {
            label: [
                not torch.allclose(new, old, rtol=1e-5, atol=1e-6)
                for new, old in zip(now[label], before[label], strict=True)
            ]
            for label in self._chain.layers
        }

    def map_limit(self) -> float:
        """The largest magnitude in the layer's maps before any change: their scale."""
        given = self.reading(changed=False).outputs[self.layer]
        return float(given.abs().max()) or 1.0

    def _sentences(self) -> list[str]:
        now, before = self.reading(), self.reading(changed=False)
        chosen = now.outputs[self.layer][self.channel]
        names, probabilities = self._class_names, now.probabilities
        edited = dict.fromkeys((e["layer"], e["out_channel"]) for e in self._edits)
        counts = [(n, sum(c), len(c)) for n, c in self.changed_maps().items()]
        return [
            words.map_text(self.layer, self.channel, chosen),
            words.prediction_text(probabilities, self.label, names),
            words.change_text(list(edited), before.probabilities, probabilities, names),
            *([words.spread_text(counts)] if edited else []),
        ]

    def _edited(self) -> nn.Module:
        return edited_copy(self._model, self._edits)

    def _first_layer(self) -> str:
        names = (n for n in self._chain.layers if self._chain.convolution_at(n))
        first = next(names, None)
        if first is None:
            raise ValueError("model has no Conv2d, so there is no kernel to change")
        return first

    def _require_classes(self, class_names: Sequence[str]) -> None:
        (count,) = self._chain.links[-1].shape
        if count != len(class_names):
            raise ValueError(
                f"model gives {count} logits, but class_names has {len(class_names)} "
                "names; give one name for each logit"
            )

    @traitlets.validate("layer")
    def _known_layer(self, proposal: Any) -> str:
        if proposal["value"] not in self._chain.layers:
            raise ValueError(
                f"layer is {proposal['value']!r}; choose one of "
                f"{', '.join(self._chain.layers)}"
            )
        return str(proposal["value"])

    @traitlets.validate("image_index", "channel", "in_channel")
    def _within(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, int(proposal["value"])
        count = self._counts()[name]
        if value >= count:
            raise ValueError(
                f"{name} is {value}, but there "
                f"{'is' if count == 1 else 'are'} {count}; choose 0 to {count - 1}"
            )
        return value

    def _counts(self) -> dict[str, int]:
        weight = weight_of(self._model, self.convolution) if self.convolution else None
        return {
            "image_index": len(self.images),
            "channel": self._chain.link(self.layer).shape[0],
            "in_channel": 1 if weight is None else weight.shape[1],
        }

    @traitlets.observe("layer")
    def _keep_channels(self, _: Any) -> None:
        """Another layer may have fewer channels."""
        counts = self._counts()
        self.channel = min(self.channel, counts["channel"] - 1)
        self.in_channel = min(self.in_channel, counts["in_channel"] - 1)

    def __repr__(self) -> str:
        return (
            f"FeatureMapExplorer({len(self.images)} images, "
            f"image_index={self.image_index}, layer={self.layer!r}, "
            f"channel={self.channel}, in_channel={self.in_channel}, "
            f"changed_kernels={len(self._edits)})"
        )

    def still_html(self) -> str:
        """Return the same in words, for pages without a kernel."""
        return self.table()._repr_html_()
