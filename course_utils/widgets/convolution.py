"""The convolution explorer: edit a kernel, move its window, see the products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import traitlets
from torch import Tensor

from course_utils.widgets import compute, words
from course_utils.widgets.explorer import MOST, Explorer
from course_utils.widgets.kernels import PRESETS, Kernel, as_kernel
from course_utils.widgets.module import convolution_module, style_sheet
from course_utils.widgets.settings import Checked, OneOf, WholeNumber

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class ConvolutionExplorer(Explorer):
    """An editable kernel on a matrix of numbers or on a photograph.

    Every state can be read and set: ``explorer.stride = 2``. A kernel is set whole, as
    the name of a preset, nested lists or a tensor: ``explorer.kernel = [[1, -1]]``.

    Args:
        image: ``"lecture"``, a photograph such as ``"camera"``, or a tensor, (H, W).
        kernel: The name of a preset or a matrix, 1 × 1 to 5 × 5.
        stride: Step between two window positions, in pixels.
        padding: Pixels added on each side.
        padding_mode: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        dilation: Distance between two kernel taps, in pixels.

    Raises:
        ValueError: If a value is not possible by itself. A combination that does not
            fit is shown as a sentence, and ``output`` raises it.
    """

    _esm = convolution_module()
    _css = style_sheet()

    kernel = Checked(PRESETS["identity"], as_kernel).tag(sync=True)
    stride = WholeNumber(1, 1, MOST).tag(sync=True)
    padding = WholeNumber(0, 0, MOST).tag(sync=True)
    padding_mode = OneOf("zeros", compute.PADDING_MODES).tag(sync=True)
    dilation = WholeNumber(1, 1, MOST).tag(sync=True)
    _presets: traitlets.Dict[str, Kernel] = traitlets.Dict(PRESETS).tag(sync=True)

    def __init__(
        self,
        image: Any = "lecture",
        kernel: Any = "sobel_horizontal",
        stride: int = 1,
        padding: int = 0,
        padding_mode: str = "zeros",
        dilation: int = 1,
    ) -> None:
        super().__init__(
            ("lecture",),
            image,
            kernel=kernel,
            stride=stride,
            padding=padding,
            padding_mode=padding_mode,
            dilation=dilation,
        )

    @property
    def output(self) -> Tensor:
        """What ``nn.Conv2d`` without bias makes of the image, (H_out, W_out).

        Raises:
            ValueError: If the kernel does not fit in the padded image.
        """
        return compute.convolve(
            self.pixels,
            torch.tensor(self.kernel, dtype=torch.float32),
            self.stride,
            self.padding,
            self.padding_mode,
            self.dilation,
        )

    def filmstrip(self, steps: int = 4) -> Figure:
        """Draw a few steps as a static figure: input, kernel, products, output so far.

        End the cell with ``plt.show()``.

        Raises:
            ValueError: If the kernel does not fit, or ``steps`` is below 1.
        """
        from course_utils.widgets.filmstrip import convolution_filmstrip

        return convolution_filmstrip(self, steps)

    @property
    def padded(self) -> Tensor:
        """The image with its padding, (H + 2·padding, W + 2·padding)."""
        return compute.pad(self.pixels, self.padding, self.padding_mode)

    def step(self, position: tuple[int, int]) -> ConvolutionStep:
        """What happens at one output position."""
        window = compute.window_at(
            self.padded, position, self.taps, self.stride, self.padding, self.dilation
        )
        kernel = torch.tensor(self.kernel, dtype=torch.float64)
        return ConvolutionStep(window, kernel, self._image_size(), position)

    @property
    def taps(self) -> tuple[int, int]:
        """Height and width of the kernel."""
        return len(self.kernel), len(self.kernel[0])

    def _sizes(self) -> list[str]:
        settings = (self.stride, self.padding, self.dilation)
        return [
            words.conv_size_text(size, taps, *settings, out)
            for size, taps, out in zip(
                self.pixels.shape, self.taps, self.output.shape, strict=True
            )
        ]

    def _never_visited(self) -> list[list[int]]:
        settings = (self.stride, self.padding, self.dilation)
        return [
            compute.never_visited(size, out, taps, *settings)
            for size, taps, out in zip(
                self.pixels.shape, self.taps, self.output.shape, strict=True
            )
        ]

    def _shaping(self) -> list[str]:
        return ["image", "kernel", "stride", "padding", "padding_mode", "dilation"]

    def _describe(self) -> str:
        return (
            f"image={self.image!r}, "
            f"kernel_size={len(self.kernel)}x{len(self.kernel[0])}, "
            f"stride={self.stride}, padding={self.padding}, "
            f"padding_mode={self.padding_mode!r}, dilation={self.dilation}"
        )


@dataclass(frozen=True)
class ConvolutionStep:
    """One window, its products with the kernel and their sum."""

    window: compute.Window
    kernel: Tensor
    size: tuple[int, int]
    position: tuple[int, int]

    @property
    def products(self) -> Tensor:
        """Window values times kernel values, (kernel height, kernel width)."""
        return self.window.values * self.kernel

    @property
    def sum(self) -> float:
        """The output's value."""
        return float(self.products.sum())

    def numbers(self) -> str:
        """``2·(−1) + 5·(−2) + … = −11``"""
        values, weights = self.window.values.flatten(), self.kernel.flatten()
        return words.sum_text(values.tolist(), weights.tolist(), self.sum)

    def in_words(self) -> str:
        """The same as a sentence."""
        return words.conv_step_text(
            self.window.rows,
            self.window.cols,
            self.size,
            self.products.flatten().tolist(),
            self.sum,
            self.position,
        )
