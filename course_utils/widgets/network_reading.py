"""What the network explorer computes: one network, one image, and the same in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from torch import Tensor

from course_utils.assets.errors import AssetError
from course_utils.network_activations import Activations, Page, Run, run_network
from course_utils.widgets import network_words as words
from course_utils.widgets.network_photo import fitted
from course_utils.widgets.network_places import channels_of, size_of
from course_utils.widgets.network_subject import Subject, Weights

PAGE: Final = 12  # maps beside each other
_TOP: Final = 5


@dataclass(frozen=True)
class View:
    """What is looked at.

    Attributes:
        layer: Name of the layer.
        position: Row and column of its output.
        rank: Place of the enlarged channel among all, counted from 0.
        order: How the channels are ranked, one of ``network_activations.ORDERS``.
    """

    layer: str
    position: tuple[int, int]
    rank: int
    order: str


class Reading:
    """A network and an image; weights are loaded and run when first asked for.

    Args:
        subject: The network.
        image: Name of a photograph, or an image, float32 in [0, 1], (3, H, W).
        load: Loads the weights instead of ``subject.weights``.

    Attributes:
        pixels: The image in the size that the network takes, (1 or 3, H, W).
        why_not: Why there are no activations, once that is known; else empty.
        problem: What went wrong in loading or running; else empty.
    """

    def __init__(
        self,
        subject: Subject,
        image: str | Tensor,
        load: Callable[[], Weights | str] | None = None,
    ) -> None:
        self.subject = subject
        self.pixels = fitted(image, subject.input_shape)
        self.why_not = ""
        self.problem = ""
        self._load = load or cache(subject.weights)

    def with_image(self, image: str | Tensor) -> Reading:
        """The same network and its loaded weights with another image."""
        return Reading(self.subject, image, self._load)

    @cached_property
    def weights(self) -> Weights | None:
        """The weights, if there are any; ``why_not`` and ``problem`` say more."""
        try:
            found = self._load()
        except AssetError as error:
            self.problem = str(error)
            found = f"Shapes only: the weights of {self.subject.title} are unusable."
        if isinstance(found, Weights):
            return found
        self.why_not = found
        return None

    @cached_property
    def run(self) -> Run | None:
        """What every layer gives; ``None`` without weights, or after ``problem``."""
        if self.weights is None:
            return None
        try:
            images = self.weights.prepare(self.pixels[None])
            return run_network(self.weights.model, images)
        except ValueError as error:
            self.problem = str(error)
            self.why_not = "Shapes only: the network does not run on this image."
            return None

    def activations(self, layer: str) -> Activations | None:
        """The maps of a layer, if there are any."""
        return None if self.run is None else self.run.layers.get(layer)

    def page(self, view: View) -> Page | None:
        """The maps that are shown beside each other."""
        maps = self.activations(view.layer)
        if maps is None:
            return None
        return maps.page(view.order, view.rank // PAGE * PAGE, PAGE)

    @cached_property
    def probabilities(self) -> Tensor | None:
        """The softmax of the logits, (number of classes,)."""
        if self.run is None or self.run.logits is None:
            return None
        return self.run.logits.softmax(dim=0)

    @cached_property
    def top(self) -> list[tuple[str, float]]:
        """The most probable classes and their probabilities; empty without weights."""
        if self.probabilities is None or self.weights is None:
            return []
        values, places = self.probabilities.topk(min(_TOP, len(self.probabilities)))
        names = self.weights.classes
        known = len(names) == len(self.probabilities)
        return [
            (names[place] if known else f"class {place}", float(value))
            for value, place in zip(values, places.tolist(), strict=True)
        ]

    def lines(self) -> list[str]:
        """Which weights these are, or why there are none."""
        if self.run is None or self.weights is None:
            return [self.why_not]
        return [line for line in (self.weights.line, self.weights.caution) if line]

    def sentences(self, view: View) -> list[str]:
        """All that is seen, in words."""
        facts = self.subject.facts(view.layer)
        rows = self.subject.rows
        shapes = (*facts.input_shapes, facts.output_shape)
        place = self.subject.layers.index(view.layer)
        return [
            words.layer_text(place, len(rows), facts.name, shapes),
            self.field_text(view),
            *filter(None, [self.channel_text(view), self.answer_text()]),
            *self.lines(),
        ]

    def field_text(self, view: View) -> str:
        """Which pixels the chosen position sees."""
        facts = self.subject.facts(view.layer)
        if facts.field.axes is None:
            return words.unknown_text(facts.field.lost_at)
        height, width = self.subject.input_shape[-2:]
        position = view.position if facts.gives_maps else None
        return words.field_text(position, facts.box(*view.position), (height, width))

    def answer_text(self) -> str:
        """The most probable classes; empty without weights."""
        return words.answer_text(self.subject.title, self.top) if self.top else ""

    def channel_text(self, view: View) -> str:
        """Which map is enlarged; empty without weights."""
        page = self.page(view)
        if page is None:
            return ""
        facts = self.subject.facts(view.layer)
        here, place = None, view.rank % PAGE
        if facts.gives_maps:
            (row, col), (height, width) = view.position, size_of(facts)
            here = words.value_at(page, place, (row / height, col / width))
        count = channels_of(facts)
        (name,) = self.channel_classes(view.layer, page.channels[place : place + 1])
        return words.channel_text(page, place, view.rank, count, view.order, here, name)

    def channel_classes(self, layer: str, channels: Sequence[int]) -> list[str]:
        """The classes that channels stand for, from the last weights to the logits.

        Empty names elsewhere: nobody has said what an inner channel stands for.
        """
        names = self.weights.classes if self.weights else ()
        rows = self.subject.rows
        # poolings and reshapes after it keep its channels
        last = max((at for at, facts in enumerate(rows) if facts.parameters), default=0)
        place = self.subject.layers.index(layer)
        if place < last or channels_of(rows[place]) != len(names):
            return [""] * len(channels)
        return [names[channel] for channel in channels]
