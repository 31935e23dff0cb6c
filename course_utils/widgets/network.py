"""The network explorer: every layer of a network, what it costs and what it sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import traitlets
from torch import Tensor, nn

from course_utils.live_widget import LiveWidget
from course_utils.network_activations import STRONGEST
from course_utils.network_anatomy import LayerFacts
from course_utils.network_zoo import ARCHITECTURES
from course_utils.photos import PHOTOS
from course_utils.widgets import network_checks as checks
from course_utils.widgets.module import network_module, network_style
from course_utils.widgets.network_data import (
    answer_data,
    network_data,
    page_data,
    photo_data,
)
from course_utils.widgets.network_photo import YOURS, as_photo
from course_utils.widgets.network_places import moved
from course_utils.widgets.network_reading import PAGE, Reading, View
from course_utils.widgets.network_subject import Prepare, Subject, open_subject
from course_utils.widgets.network_words import FACTS, facts_text
from course_utils.widgets.table import StepTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from course_utils.pretrained import Network

_T = TypeVar("_T")


class NetworkExplorer(LiveWidget):
    """A network layer by layer: shapes, costs, receptive field, real activations.

    Every state can be read and set: ``explorer.layer = "features.3.squeeze"``.
    Activations are shown where trained weights are at hand, and nowhere else.

    Args:
        architecture: Name of a network, one that ``course_utils.pretrained`` has given,
            or a module of your own with ``input_shape``.
        layer: Name of a layer; ``None`` means the first.
        image: Name of a photograph, or a tensor (3, H, W), uint8 or float in 0 … 1.
        input_shape: What a module of your own takes, such as ``(1, 3, 32, 32)``.
        prepare: Brings images, float in 0 … 1, to what it was trained on.
        classes: Names of its logits.

    Raises:
        TypeError: If ``architecture`` is neither.
        ValueError: If there is no such network, layer or image, or if the module
            cannot take ``input_shape``; the message says why.
    """

    _esm = network_module()
    _css = network_style()

    architecture = traitlets.Unicode("").tag(sync=True)
    image = traitlets.Any("").tag(sync=True)
    order = traitlets.Any(STRONGEST).tag(sync=True)
    _where: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _architectures: traitlets.List[Any] = traitlets.List().tag(sync=True)
    _images: traitlets.List[Any] = traitlets.List().tag(sync=True)
    _network: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _photo: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _answer: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _page: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _problem = traitlets.Unicode("").tag(sync=True)
    _facts: traitlets.List[str] = traitlets.List(list(FACTS)).tag(sync=True)

    _subject: Subject
    _reading: Reading

    def __init__(
        self,
        architecture: str | nn.Module | Network = "squeezenet1_1",
        layer: str | None = None,
        image: str | Tensor = "chelsea",
        *,
        input_shape: Sequence[int] | None = None,
        prepare: Prepare | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        self._given: dict[str, Tensor] = {}
        self._own: dict[str, Subject] = {}
        if not isinstance(architecture, str):
            own = open_subject(architecture, input_shape, prepare, classes)
            self._own[own.name] = own
        name = architecture if isinstance(architecture, str) else own.name
        self._subject = self._own.get(name) or checks.architecture(name, ())
        first = checks.layer(self._subject, layer or self._subject.layers[0])
        super().__init__()
        with self.hold_sync():
            self._images = [[photo, f"Photograph: {photo}"] for photo in PHOTOS]
            own_names = [[own.name, own.title] for own in self._own.values()]
            known = [[key, one.title] for key, one in ARCHITECTURES.items()]
            self._architectures = own_names + known
            self.image = image
            self.architecture = name
            self.layer = first

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of all layers, in the order of the forward pass."""
        return self._subject.layers

    @property
    def anatomy(self) -> tuple[LayerFacts, ...]:
        """All layers: shapes, costs and receptive fields."""
        return self._subject.rows

    @property
    def layer(self) -> str:
        """The chosen layer; another one keeps the place in the image."""
        return str(self._where["layer"])

    @layer.setter
    def layer(self, name: str) -> None:
        facts = self._subject.facts(
            self._told(lambda: checks.layer(self._subject, name))
        )
        position = moved(self.facts, self.position, facts)
        self._where = {"layer": name, "position": list(position), "rank": 0}

    @property
    def facts(self) -> LayerFacts:
        """The chosen layer: its shapes, costs and receptive field."""
        return self._subject.facts(self.layer)

    @property
    def position(self) -> tuple[int, int]:
        """The chosen row and column of the layer's output."""
        row, col = self._where["position"]
        return row, col

    @position.setter
    def position(self, value: tuple[int, int]) -> None:
        place = self._told(lambda: checks.position(self.facts, value))
        self._where = {**self._where, "position": list(place)}

    @property
    def channel(self) -> int | None:
        """The channel that is shown enlarged; ``None`` without weights."""
        maps = self._reading.activations(self.layer)
        return None if maps is None else maps.ranking(self.order)[self._where["rank"]]

    @channel.setter
    def channel(self, value: int) -> None:
        maps = self._reading.activations(self.layer)
        if maps is None:
            raise ValueError(f"there is no channel to show. {self._reading.why_not}")
        number = self._told(lambda: checks.channel(self.facts, value))
        self._where = {**self._where, "rank": maps.ranking(self.order).index(number)}

    @property
    def feature_maps(self) -> Tensor | None:
        """The maps of the chosen layer, float32, (C, H, W); ``None`` without weights.

        A vector of C features has H = W = 1.
        """
        maps = self._reading.activations(self.layer)
        return None if maps is None else maps.maps

    @property
    def probabilities(self) -> Tensor | None:
        """The softmax of the logits, (number of classes,); ``None`` without weights."""
        return self._reading.probabilities

    @property
    def top(self) -> list[tuple[str, float]]:
        """The five most probable classes; empty without weights."""
        return list(self._reading.top)

    def view(self) -> View:
        """What is looked at."""
        return View(self.layer, self.position, self._where["rank"], self.order)

    def reading(self) -> Reading:
        """The network and the image that are open, with all that follows from them."""
        return self._reading

    def filmstrip(self) -> Figure:
        """Draw image, receptive field, maps and classes as a static figure.

        End the cell with ``plt.show()``.
        """
        from course_utils.widgets.network_figure import network_filmstrip

        return network_filmstrip(self)

    def table(self) -> StepTable:
        """The chosen layer in words."""
        rows = [list(row) for row in zip(FACTS, facts_text(self.facts), strict=True)]
        sentences = self._reading.sentences(self.view())
        return StepTable(repr(self), ("fact", "value"), rows, sentences)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what was chosen in the page; the impossible is refused and put back."""
        try:
            for name, value in sync_data.items():
                self._checked(name, value)
        except ValueError:
            self.send_state(list(sync_data))
        else:
            super().set_state(sync_data)

    def _checked(self, name: str, value: Any) -> Any:
        """Return a state in its final form; an error is shown in the widget, too."""
        known: dict[str, Callable[[Any], Any]] = {
            "architecture": self._known_subject,
            "image": self._known_image,
            "order": checks.order,
            "_where": lambda where: checks.where(self._subject, where),
        }
        return self._told(lambda: known[name](value)) if name in known else value

    def _told(self, check: Callable[[], _T]) -> _T:
        try:
            return check()
        except ValueError as error:
            self._problem = str(error)
            raise

    def _known_subject(self, name: str) -> Subject:
        return self._own.get(name) or checks.architecture(name, self._own)

    def _known_image(self, value: Any) -> str | Tensor:
        is_known = isinstance(value, str) and (value in PHOTOS or value in self._given)
        return value if is_known else as_photo(value)

    @traitlets.validate("architecture", "order", "_where")
    def _valid(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        checked = self._checked(name, value)
        return value if name == "architecture" else checked

    @traitlets.validate("image")
    def _valid_image(self, proposal: Any) -> str:
        image = self._checked("image", proposal["value"])
        if isinstance(image, str):
            return image
        name = f"{YOURS} {len(self._given) + 1}"
        self._given[name] = image
        self._images = [*self._images, [name, name.capitalize()]]
        return name

    @traitlets.observe("architecture", "image")
    def _open(self, _: Any = None) -> None:
        """Another network or another image: everything follows."""
        if not (self.architecture and self.image):
            return  # still being made
        subject = self._known_subject(self.architecture)
        image = self._given.get(self.image, self.image)
        with self.hold_sync():
            if subject is self._subject and self._network:
                self._reading = self._reading.with_image(image)
            else:
                self._subject, self._reading = subject, Reading(subject, image)
                self._network = network_data(subject)
                self._where = checks.start(subject)
            label = dict(self._images)[self.image]
            self._photo = photo_data(label, self._reading.pixels)
            self._answer = answer_data(self._reading)
            self._turn()

    @traitlets.observe("_where", "order")
    def _turn(self, _: Any = None) -> None:
        """Send the maps of the layer, if others are shown now."""
        view = self.view()
        place = [self.architecture, self.image, view.order, view.layer]
        key = [*place, view.rank // PAGE]
        if self._page.get("key") != key:
            self._page = {"key": key, **page_data(self._reading, view)}
        self._problem = self._reading.problem

    def __repr__(self) -> str:
        return (
            f"NetworkExplorer({self.architecture!r}, layer={self.layer!r}, "
            f"image={self.image!r}, position={self.position})"
        )

    def still_html(self) -> str:
        """Return the same in words, for pages without a kernel."""
        return self.table()._repr_html_()
