"""The style explorer: stored results under two sliders, and a button that computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import traitlets
from torch import Tensor

from course_utils.live_widget import LiveWidget
from course_utils.style.stored import pictures_of, stored_grid
from course_utils.style.transfer import Features, Recipe, State, transferred
from course_utils.widgets.settings import Checked
from course_utils.widgets.style_data import (
    UNSTORED,
    YOURS,
    among,
    for_page,
    own_pictures,
    resized,
    sentence,
    thanks,
)
from course_utils.widgets.style_front import front_module, front_style
from course_utils.widgets.style_run import Report, Run
from course_utils.widgets.table import StepTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZES: Final = {"picture_size": [128, 192, 224], "steps": [50, 100, 150]}
_ASKED_WITH: Final = ("pair", "style_weight", "style_layers", *_SIZES)
_HEADER: Final = ("style weight", "content loss", "style loss", "total variation")


def _one_of(name: str) -> Any:
    def check(value: Any) -> int:
        if value not in _SIZES[name]:
            raise ValueError(f"{name} is {value!r}; choose one of {_SIZES[name]}")
        return int(value)

    return check


class StyleExplorer(LiveWidget):
    """Stored style transfers, by weight and layers; and the same computed for real.

    Every state can be read and set: ``explorer.style_weight = 10``.

    Args:
        content: A content picture of your own, (3, H, W) or (1, 3, H, W) in [0, 1].
        style: A style picture of your own, likewise; the two go together.
        features: The network to run with, SqueezeNet 1.1 as
            ``pretrained.style_features()`` gives it; ``None`` asks for it when needed.

    Raises:
        ValueError: If only one picture is given, one is no picture, or ``features`` is
            another network: the layers of the grid are those of this one.
    """

    _job: Run | None = None
    _esm = front_module()
    _css = front_style()

    pair = traitlets.Any("china_strokes").tag(sync=True)
    style_weight = traitlets.Any(10).tag(sync=True)
    style_layers = traitlets.Any((1, 4, 6, 7)).tag(sync=True)
    picture_size = Checked(128, _one_of("picture_size")).tag(sync=True)
    steps = Checked(50, _one_of("steps")).tag(sync=True)
    _sizes: traitlets.Dict[str, list[int]] = traitlets.Dict(_SIZES).tag(sync=True)
    _grid: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    _run: traitlets.Dict[str, Any] = traitlets.Dict(Report().as_dict()).tag(sync=True)

    def __init__(
        self,
        content: Tensor | None = None,
        style: Tensor | None = None,
        *,
        features: Features | None = None,
    ) -> None:
        self.stored = stored_grid()
        self._features = self._right(features)
        self._own = own_pictures(content, style)
        super().__init__()
        self._grid = for_page(self.stored, self._own)
        if self._own:
            self.pair = YOURS
        self.on_msg(self._asked)

    @property
    def picture(self) -> Tensor:
        """The stored result, uint8, (3, H, W).

        Raises:
            ValueError: If the pictures are your own: nothing is stored for them.
        """
        if self.pair == YOURS:
            raise ValueError(f"pair is {YOURS!r}. {UNSTORED}")
        return self.stored.result(self.pair, *self.place())

    @property
    def losses(self) -> dict[str, float]:
        """Content loss, style loss and total variation of the stored result."""
        row, column = self.place()
        return dict(self.stored.pairs[self.pair].losses[row][column])

    @property
    def result(self) -> Tensor | None:
        """The latest picture of the latest run, (1, 3, H, W); ``None`` before it."""
        last = self._job.last if self._job else None
        return None if last is None else last.picture

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._job is not None and self._job.running

    def start(self) -> None:
        """Compute the chosen setting for real, beside the notebook.

        Raises:
            RuntimeError: If a run is under way.
        """
        if self.running:
            raise RuntimeError(
                "a run is under way; stop() ends it, wait() waits for it"
            )
        what = f"{self._title()}, {self._setting()}, {self.picture_size} pixels"
        pictures, recipe = self._pictures(), self._recipe()

        def states() -> Iterator[State]:
            return transferred(self._network(), *pictures, recipe)

        self._job = Run(states, what, self.steps, self._show)
        self._job.start()

    def stop(self) -> None:
        """End a run after the step it is at; its picture is kept."""
        if self._job:
            self._job.stop()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of a run; return whether it has ended."""
        return self._job is None or self._job.wait(seconds)

    def filmstrip(self) -> Figure:
        """Draw the stored grid of this pair as a static figure.

        End the cell with ``plt.show()``.
        """
        from course_utils.widgets.style_figure import style_filmstrip

        return style_filmstrip(self)

    def table(self) -> StepTable:
        """The losses of the chosen layers at every weight, and what is shown."""
        if self.pair == YOURS:
            return StepTable(repr(self), (), (), (UNSTORED,))
        row, _ = self.place()
        rows = [
            [f"{weight:g}", *(f"{losses[name]:.3f}" for name in losses)]
            for weight, losses in zip(
                self.stored.weights,
                self.stored.pairs[self.pair].losses[row],
                strict=True,
            )
        ]
        return StepTable(repr(self), _HEADER, rows, self._sentences())

    def _sentences(self) -> list[str]:
        row, column = self.place()
        pair = self.stored.pairs[self.pair]
        return [sentence(self.stored, pair, row, column), thanks(pair)]

    def place(self) -> tuple[int, int]:
        """Row (layers) and column (weight) of the chosen setting in the grid."""
        return (
            self.stored.layers.index(tuple(self.style_layers)),
            self.stored.weights.index(self.style_weight),
        )

    def _title(self) -> str:
        return str(self._grid["pairs"][self.pair]["title"])

    def _setting(self) -> str:
        layers = ", ".join(map(str, self.style_layers))
        return f"style weight {self.style_weight:g}, style layers {layers}"

    def _recipe(self) -> Recipe:
        facts = self.stored.facts
        layers, weight = tuple(self.style_layers), float(self.style_weight)
        return Recipe(
            layers, facts["content_layer"], weight, facts["tv_share"], self.steps
        )

    def _pictures(self) -> tuple[Tensor, Tensor]:
        if self.pair != YOURS:
            return pictures_of(self.pair, self.picture_size)
        assert self._own is not None  # `pair` is checked
        content, style = (resized(one, self.picture_size) for one in self._own)
        return content, style

    def _right(self, features: Features | None) -> Features | None:
        wanted = self.stored.facts["network"]
        if features is not None and features.name != wanted:
            raise ValueError(
                f"features is {features.name!r}, but the layers of the grid are those "
                f"of {wanted!r}; leave features out, or pass that network"
            )
        return features

    def _network(self) -> Features:
        """The network whose layers the grid was made with."""
        if self._features is None:
            from course_utils import pretrained

            name = self.stored.facts["network"]
            self._features = pretrained.style_features(name, quiet=True)
        return self._features

    def _show(self, report: Report) -> None:
        self._run = report.as_dict()

    def _asked(self, _: Any, content: dict[str, Any], __: Any) -> None:
        if content.get("kind") == "stop":
            self.stop()
        elif not self.running:  # two clicks may arrive before the button is off
            for name in _ASKED_WITH:
                setattr(self, name, content["settings"][name])
            self.start()

    @traitlets.validate("pair")
    def _known_pair(self, proposal: Any) -> str:
        names = [*self.stored.pairs, *([YOURS] if self._own else [])]
        if proposal["value"] not in names:
            raise ValueError(
                f"pair is {proposal['value']!r}; choose one of {', '.join(names)}"
            )
        return str(proposal["value"])

    @traitlets.validate("style_weight")
    def _known_weight(self, proposal: Any) -> float:
        weight: float = among("style_weight", proposal["value"], self.stored.weights)
        return weight

    @traitlets.validate("style_layers")
    def _known_layers(self, proposal: Any) -> tuple[int, ...]:
        value = proposal["value"]
        given = tuple(value) if isinstance(value, list) else value
        layers: tuple[int, ...] = among("style_layers", given, self.stored.layers)
        return layers

    def close(self) -> None:
        """End what runs, and forget the view."""
        self.stop()
        super().close()

    def __repr__(self) -> str:
        return f"StyleExplorer({self._title()}, {self._setting()})"

    def still_html(self) -> str:
        """Return the same in words, for pages without a kernel."""
        return self.table()._repr_html_()
