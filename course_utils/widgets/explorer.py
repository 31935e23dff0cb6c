"""What both explorers share: the image, the window's position, the display."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol

import traitlets
from torch import Tensor

from course_utils.live_widget import LiveWidget
from course_utils.widgets import images, words
from course_utils.widgets.compute import Window
from course_utils.widgets.images import ImageData
from course_utils.widgets.settings import Pair
from course_utils.widgets.table import StepTable, spread

MOST: Final = 32  # of strides, paddings and dilations: more than any lesson needs
_SUMMARY_STEPS: Final = 4
_ALL_STEPS: Final = 36
_STILL: Final = "Run this cell to move the window yourself. A few of its steps:"
_HEADER: Final = ("output position", "window rows", "window columns", "value")


class Step(Protocol):
    """One position of the window."""

    @property
    def position(self) -> tuple[int, int]:
        """Row and column of the output."""

    @property
    def window(self) -> Window:
        """What the window covers."""

    def numbers(self) -> str:
        """The arithmetic, written out."""

    def in_words(self) -> str:
        """The same as a sentence."""


def _table_row(step: Step) -> list[str]:
    row, col = step.position
    return [
        f"row {row}, column {col}",
        ", ".join(words.format_number(index) for index in step.window.rows),
        ", ".join(words.format_number(index) for index in step.window.cols),
        step.numbers(),
    ]


class Explorer(LiveWidget):
    """A picture, a window that moves over it, and an output computed from both.

    Subclasses give ``output``, ``_describe`` and ``table``.
    """

    image = traitlets.Any("lecture").tag(sync=True)
    position = Pair((0, 0), 0, 10_000, "(0, 2): row, column").tag(sync=True)
    _images: traitlets.Dict[str, ImageData] = traitlets.Dict().tag(sync=True)

    def __init__(self, listed: Iterable[str], image: Any, **state: Any) -> None:
        self._pixels: dict[str, Tensor] = {}
        super().__init__()
        for name in (*listed, *images.LISTED_PHOTOS):
            self._add_image(name, images.named_image(name))
        for name, value in state.items():
            setattr(self, name, value)
        self.image = image  # last: it places the window in the output
        self.observe(self._keep_position, names=self._shaping())

    @property
    def pixels(self) -> Tensor:
        """The current image, float32, (H, W); photographs in grey levels 0 … 255."""
        return self._pixels[self.image]

    @property
    def output(self) -> Tensor:
        """What the layer makes of the image, (H_out, W_out)."""
        raise NotImplementedError

    def step(self, position: tuple[int, int]) -> Step:
        """What happens at one output position."""
        raise NotImplementedError

    def table(self, steps: int | None = None) -> StepTable:
        """The steps in words: for GitHub, paper and screen readers.

        Args:
            steps: How many, spread evenly; ``None`` means every step of an output of
                at most 36 values, or 8 of a larger one.
        """
        size = self.output_size()
        if size is None:
            return StepTable(repr(self), (), (), (self._complaint(),))
        total = size[0] * size[1]
        chosen = spread(total, steps or (total if total <= _ALL_STEPS else 8))
        rows = [_table_row(self.step(divmod(index, size[1]))) for index in chosen]
        caption = f"{self!r}: {len(rows)} of {total} steps"
        return StepTable(caption, _HEADER, rows, self._sentences())

    def output_size(self) -> tuple[int, int] | None:
        """``(H_out, W_out)``, or ``None`` where the setting does not fit."""
        try:
            height, width = self.output.shape
        except ValueError:
            return None
        return height, width

    def _shaping(self) -> list[str]:
        """The states on which the size of the output depends."""
        raise NotImplementedError

    def _describe(self) -> str:
        raise NotImplementedError

    def _sizes(self) -> list[str]:
        """The formulas of the output's height and width."""
        raise NotImplementedError

    def _never_visited(self) -> list[list[int]]:
        """Rows and columns of the image that no window touches."""
        raise NotImplementedError

    def _sentences(self) -> list[str]:
        height, width = self._sizes()
        size = (
            f"Output height and width: {height}"
            if height == width
            else f"Output height: {height}; width: {width}"
        )
        rows, cols = self._never_visited()
        lost = words.never_visited_text(rows, cols, *self._image_size())
        return [size, *([lost] if lost else [])]

    def _image_size(self) -> tuple[int, int]:
        height, width = self.pixels.shape
        return height, width

    def _complaint(self) -> str:
        try:
            return f"output has shape {tuple(self.output.shape)}"
        except ValueError as error:
            return str(error)

    @traitlets.validate("image")
    def _choose_image(self, proposal: Any) -> str:
        value = proposal["value"]
        if not isinstance(value, str):
            self._add_image(images.CUSTOM, images.as_image(value))
            return images.CUSTOM
        if value not in self._pixels:
            self._add_image(value, images.named_image(value))
        return value

    @traitlets.observe("image")
    def _place_in_image(self, _: Any) -> None:
        """Start in the corner of a matrix, in the middle of a photograph."""
        size = self.output_size() or (1, 1)
        large = max(self.pixels.shape) > images.NUMBERS_UP_TO
        self.position = (size[0] // 2, size[1] // 2) if large else (0, 0)

    def _add_image(self, name: str, pixels: Tensor) -> None:
        self._pixels[name] = pixels
        self._images = {**self._images, name: images.image_data(name, pixels)}

    @traitlets.validate("position")
    def _place(self, proposal: Any) -> tuple[int, int]:
        row, col = proposal["value"]
        size = self.output_size()
        if size is not None and not (row < size[0] and col < size[1]):
            raise ValueError(
                f"position is ({row}, {col}), outside the output of "
                f"{size[0]}x{size[1]}; choose row 0 to {size[0] - 1} "
                f"and column 0 to {size[1] - 1}"
            )
        return row, col

    def _keep_position(self, _: Any) -> None:
        """Move the window inside when the output has become smaller."""
        size = self.output_size() or (1, 1)
        row, col = self.position
        self.position = min(row, size[0] - 1), min(col, size[1] - 1)

    def __repr__(self) -> str:
        size = self.output_size()
        output = "does not fit" if size is None else f"{size[0]}x{size[1]}"
        return f"{type(self).__name__}({self._describe()}, output={output})"

    def still_html(self) -> str:
        """Return a few steps as a table, for pages without a kernel."""
        return f"<p>{_STILL}</p>{self.table(_SUMMARY_STEPS)._repr_html_()}"
