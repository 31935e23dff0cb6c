"""The kernels of the explorer's list, and the check of a kernel that somebody sets."""

from __future__ import annotations

from typing import Any, Final

import torch

Kernel = list[list[float]]

MOST_TAPS: Final = 5  # per side: more number fields than 5 × 5 nobody reads

PRESETS: Final[dict[str, Kernel]] = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "sobel_horizontal": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "sobel_vertical": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "box_blur": [[1 / 9] * 3] * 3,
    "gaussian_blur": [
        [n / 16 for n in row] for row in ([1, 2, 1], [2, 4, 2], [1, 2, 1])
    ],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
}


def as_kernel(value: Any) -> Kernel:
    """Return ``value`` as rows of numbers.

    Args:
        value: The name of a preset, nested lists, an array or a tensor, (H, W).

    Raises:
        ValueError: If it is no matrix of 1 × 1 to 5 × 5 finite numbers.
    """
    if isinstance(value, str):
        if value not in PRESETS:
            raise ValueError(
                f"kernel is {value!r}; choose one of {', '.join(PRESETS)}, "
                "or give a matrix"
            )
        return [list(row) for row in PRESETS[value]]
    matrix = _matrix(value)
    height, width = matrix.shape
    if not (1 <= height <= MOST_TAPS and 1 <= width <= MOST_TAPS):
        raise ValueError(
            f"kernel is {height}x{width}; the explorer edits kernels from 1x1 to "
            f"{MOST_TAPS}x{MOST_TAPS}, so choose a smaller one"
        )
    if not matrix.isfinite().all():
        raise ValueError("kernel holds NaN or infinity; give finite numbers")
    return [[_plain(number) for number in row] for row in matrix.tolist()]


def _matrix(value: Any) -> torch.Tensor:
    try:
        matrix = torch.as_tensor(value, dtype=torch.float64).detach()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"kernel is not a matrix of numbers ({error}); give rows of equal length "
            "such as [[1, 0], [0, -1]], or a tensor of shape (H, W)"
        ) from error
    if matrix.ndim != 2:
        raise ValueError(
            f"kernel has shape {tuple(matrix.shape)}; expected (H, W), so take one "
            "channel of a layer's weight: layer.weight[0, 0]"
        )
    return matrix


def _plain(number: float) -> float:
    """Whole numbers as ``int``, so that a kernel prints as it is written."""
    return int(number) if number == int(number) else number
