"""Say in words how an answer differs: in kind, shape, dtype or values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor


def difference(expected: Any, found: Any, reveal: bool = True) -> str | None:
    """Return a sentence on the first difference, or None when the two are equal.

    Args:
        expected: The reference answer: a tensor, number, string, bool, or a tuple, list
            or dict of these.
        found: The student's answer.
        reveal: Whether the sentence may give the expected values away. Shapes and
            dtypes are always named.
    """
    if found is None and expected is not None:
        return "It is None; is a `return` missing?"
    if isinstance(expected, Tensor):
        return _tensor_difference(expected, found, reveal)
    found = _plain(found)
    if isinstance(expected, bool | str):
        return _exact_difference(expected, found, reveal)
    if isinstance(expected, int | float):
        return _number_difference(expected, found, reveal)
    if isinstance(expected, dict):
        return _dict_difference(expected, found, reveal)
    if isinstance(expected, tuple | list):
        return _sequence_difference(expected, found, reveal)
    raise TypeError(f"can't compare answers of type {type(expected).__name__}")


def inside(sentence: str) -> str:
    """Return a sentence as it stands after a colon: with a small first letter."""
    return sentence[0].lower() + sentence[1:]


def describe(value: Any) -> str:
    """Return a value as a reader would write it: −45, 1.67, (4, 4)."""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        value = round(value, 4)
        value = int(value) if math.isfinite(value) and value == int(value) else value
    if isinstance(value, int | float):
        return str(value).replace("-", "−")
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"a NumPy array of shape {value.shape}"
    if isinstance(value, torch.Size):
        value = tuple(value)
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def _plain(value: Any) -> Any:
    """Turn one-element tensors and NumPy scalars into Python numbers."""
    if isinstance(value, Tensor | np.ndarray) and value.ndim == 0:
        return value.item()
    return value.item() if isinstance(value, np.generic) else value


def _exact_difference(expected: bool | str, found: Any, reveal: bool) -> str | None:
    if type(found) is not type(expected):
        kind = "True or False" if isinstance(expected, bool) else "a string"
        return f"It is {describe(found)} ({type(found).__name__}); expected {kind}."
    if found == expected:
        return None
    return f"It is {describe(found)}" + (
        f"; expected {describe(expected)}." if reveal else ", which is not right."
    )


def _number_difference(expected: float, found: Any, reveal: bool) -> str | None:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return f"It is {describe(found)} ({type(found).__name__}); expected a number."
    if isinstance(found, float) and math.isnan(found):
        return "It is NaN, not a number; is something divided by zero?"
    if isinstance(expected, int) and isinstance(found, float):
        if found == expected:
            return (
                f"It is the float {found}; expected an int. Division with `/` always "
                "gives a float; `//` rounds down to an int."
            )
    elif math.isclose(expected, found, rel_tol=1e-4, abs_tol=1e-6):
        return None
    return f"It is {describe(found)}" + (
        f"; expected {describe(expected)}." if reveal else ", which is not right."
    )


def _dict_difference(expected: dict[Any, Any], found: Any, reveal: bool) -> str | None:
    if not isinstance(found, dict):
        return f"It is {describe(found)} ({type(found).__name__}); expected a dict."
    if set(found) != set(expected):
        keys = sorted(map(str, expected))
        return f"Its keys are {sorted(map(str, found))}; expected {keys}."
    for key, value in expected.items():
        text = difference(value, found[key], reveal)
        if text:
            return f"Entry {key!r}: {inside(text)}"
    return None


def _sequence_difference(
    expected: tuple[Any, ...] | list[Any], found: Any, reveal: bool
) -> str | None:
    if isinstance(found, Tensor | np.ndarray):
        found = found.tolist()
    if not isinstance(found, tuple | list):
        return (
            f"It is {describe(found)} ({type(found).__name__}); expected "
            f"{len(expected)} values in a {type(expected).__name__}."
        )
    if len(found) != len(expected):
        return (
            f"It has {len(found)} values, {describe(found)}; expected {len(expected)}."
        )
    for index, (want, got) in enumerate(zip(expected, found, strict=True)):
        text = difference(want, got, reveal)
        if text:
            return f"Value {index} (counted from 0): {inside(text)}"
    return None


def _tensor_difference(expected: Tensor, found: Any, reveal: bool) -> str | None:
    if not isinstance(found, Tensor):
        return (
            f"It is {describe(found)} ({type(found).__name__}); expected a "
            f"torch.Tensor of shape {tuple(expected.shape)}."
        )
    if found.shape != expected.shape:
        return _shape_difference(expected, found)
    if found.dtype != expected.dtype:
        return (
            f"Its dtype is {found.dtype}; expected {expected.dtype}. Make the output "
            f"with `dtype={expected.dtype}`, or convert it: `.to({expected.dtype})`."
        )
    if found.is_floating_point() and found.isnan().any():
        count = int(found.isnan().sum())
        return (
            f"{count} of {found.numel()} values are NaN; is something divided by zero, "
            "or was the output made with `torch.empty` and never filled?"
        )
    return _value_difference(expected, found, reveal)


def _shape_difference(expected: Tensor, found: Tensor) -> str:
    want, got = tuple(expected.shape), tuple(found.shape)
    text = f"Its shape is {got}; expected {want}."
    same_numbers = found.numel() == expected.numel() and _close(
        expected.flatten(), found.flatten().to(expected.dtype)
    )
    if same_numbers:
        return text + " The values are right: only the shape has to change."
    return text


def _value_difference(expected: Tensor, found: Tensor, reveal: bool) -> str | None:
    if _close(expected, found):
        return None
    if not found.any():
        return (
            "Every value is 0; is the empty output returned before the loop fills it?"
        )
    if expected.ndim >= 2 and _close(expected, found.transpose(-1, -2)):
        return "Rows and columns are swapped: the transpose would be right."
    wrong = ~torch.isclose(expected, found, rtol=1e-4, atol=1e-5)
    place = tuple(int(i) for i in wrong.nonzero()[0])
    got, want = describe(found[place].item()), describe(expected[place].item())
    text = f"{int(wrong.sum())} of {found.numel()} values differ; the first, at {place}"
    return text + (f", is {got} and should be {want}." if reveal else f", is {got}.")


def _close(expected: Tensor, found: Tensor) -> bool:
    if expected.shape != found.shape:
        return False
    return torch.allclose(expected, found, rtol=1e-4, atol=1e-5)
