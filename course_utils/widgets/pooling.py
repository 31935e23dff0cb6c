"""The pooling explorer: maximum or average, and what a small shift changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from course_utils.widgets import compute, words
from course_utils.widgets.explorer import MOST, Explorer
from course_utils.widgets.module import pooling_module, style_sheet
from course_utils.widgets.settings import OneOf, Pair, WholeNumber

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FARTHEST_SHIFT = 2


class PoolingExplorer(Explorer):
    """Pooling on a matrix or a photograph that can be shifted by up to two pixels.

    Every state can be read and set: ``explorer.shift = (0, 1)`` moves the image one
    pixel to the right; the old border is repeated where new pixels enter.

    Args:
        image: ``"lecture"``, ``"five_by_five"``, a photograph or a tensor, (H, W).
        mode: ``"max"`` or ``"average"``.
        kernel_size: Side of the square window, in pixels.
        stride: Step between two windows, in pixels; ``None`` means ``kernel_size``.
        padding: Pixels added on each side, at most half of ``kernel_size``.
        shift: Pixels down and to the right, each −2 … 2.

    Raises:
        ValueError: If a value is not possible by itself. A combination that does not
            fit is shown as a sentence, and ``output`` raises it.
    """

    _esm = pooling_module()
    _css = style_sheet()

    mode = OneOf("max", compute.POOL_MODES).tag(sync=True)
    kernel_size = WholeNumber(2, 1, 8).tag(sync=True)
    stride = WholeNumber(2, 1, MOST).tag(sync=True)
    padding = WholeNumber(0, 0, MOST).tag(sync=True)
    shift = Pair((0, 0), -_FARTHEST_SHIFT, _FARTHEST_SHIFT, "(0, 1): down, right").tag(
        sync=True
    )

    def __init__(
        self,
        image: Any = "lecture",
        mode: str = "max",
        kernel_size: int = 2,
        stride: int | None = None,
        padding: int = 0,
        shift: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(
            ("lecture", "five_by_five"),
            image,
            mode=mode,
            kernel_size=kernel_size,
            stride=kernel_size if stride is None else stride,
            padding=padding,
            shift=shift,
        )

    @property
    def shifted(self) -> Tensor:
        """The image after the shift, (H, W)."""
        return compute.shift(self.pixels, *self.shift)

    @property
    def output(self) -> Tensor:
        """The pooled shifted image, (H_out, W_out).

        Raises:
            ValueError: If the window does not fit or the padding exceeds half of it.
        """
        return self._pooled(self.shifted)

    @property
    def unshifted_output(self) -> Tensor:
        """The pooled image as it was before the shift, (H_out, W_out)."""
        return self._pooled(self.pixels)

    @property
    def changed(self) -> Tensor:
        """True where the shift changed the output, bool, (H_out, W_out)."""
        before = self.unshifted_output
        return ~torch.isclose(self.output, before, rtol=1e-5, atol=1e-6)

    def changed_text(self) -> str:
        """``5 of 9 values changed.``"""
        changed = self.changed
        return words.changed_text(int(changed.sum()), changed.numel())

    def filmstrip(self, steps: int = 4) -> Figure:
        """Draw a few steps as a static figure: input, window, output so far.

        End the cell with ``plt.show()``.

        Raises:
            ValueError: If the window does not fit, or ``steps`` is below 1.
        """
        from course_utils.widgets.filmstrip import pooling_filmstrip

        return pooling_filmstrip(self, steps)

    @property
    def padded(self) -> Tensor:
        """The shifted image with its padding; −∞ around it for the maximum."""
        fill = compute.pool_fill(self.mode)
        return compute.pad(self.shifted, self.padding, "zeros", fill)

    def step(self, position: tuple[int, int]) -> PoolingStep:
        """What happens at one output position."""
        taps = (self.kernel_size, self.kernel_size)
        window = compute.window_at(
            self.padded, position, taps, self.stride, self.padding
        )
        return PoolingStep(window, self.mode, self._image_size(), position)

    def _pooled(self, image: Tensor) -> Tensor:
        return compute.pool(
            image, self.mode, self.kernel_size, self.stride, self.padding
        )

    def _sentences(self) -> list[str]:
        if self.shift == (0, 0):
            return super()._sentences()
        moved = f"{words.shift_text(*self.shift)} {self.changed_text()}"
        return [moved, *super()._sentences()]

    def _sizes(self) -> list[str]:
        settings = (self.kernel_size, self.stride, self.padding)
        return [
            words.pool_size_text(size, *settings, out)
            for size, out in zip(self.pixels.shape, self.output.shape, strict=True)
        ]

    def _never_visited(self) -> list[list[int]]:
        settings = (self.kernel_size, self.stride, self.padding)
        return [
            compute.never_visited(size, out, *settings)
            for size, out in zip(self.pixels.shape, self.output.shape, strict=True)
        ]

    def _shaping(self) -> list[str]:
        return ["image", "kernel_size", "stride", "padding"]

    def _describe(self) -> str:
        return (
            f"image={self.image!r}, mode={self.mode!r}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, shift={self.shift}"
        )


@dataclass(frozen=True)
class PoolingStep:
    """One window and what pooling makes of it."""

    window: compute.Window
    mode: str
    size: tuple[int, int]
    position: tuple[int, int]

    @property
    def result(self) -> float:
        """The output's value."""
        values = self.window.values
        return float(values.max() if self.mode == "max" else values.mean())

    def numbers(self) -> str:
        """``max(2, 5, 1, 3) = 5``"""
        values = self.window.values.flatten().tolist()
        return words.pool_text(self.mode, values, self.result)

    def in_words(self) -> str:
        """The same as a sentence."""
        return words.pool_step_text(
            self.window.rows,
            self.window.cols,
            self.size,
            self.window.values.flatten().tolist(),
            self.mode,
            self.result,
            self.position,
        )
