"""Values that cross from a student's process to ours: plain data, and no pickles.

A pickle runs code where it is read; what comes out of a student's process is therefore
JSON. What JSON cannot hold arrives as an `Opaque`, which looks like the value in a
message and is equal to nothing.
"""

from __future__ import annotations

import base64
import builtins
import json
import re
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils.checks.limits import TimeLimitError

LONGEST = 32 * 2**20  # characters of one message
_SHOWN = 200
_DTYPES = {str(d)[6:]: d for d in vars(torch).values() if isinstance(d, torch.dtype)}


class WireError(Exception):
    """A message that is not one of ours."""


class Opaque:
    """A value of a kind that no exercise asks for: only its looks are known."""

    def __init__(self, shown: str) -> None:
        self.shown = shown

    def __repr__(self) -> str:
        return self.shown


class OpaqueError(Exception):
    """An error of a class that is not built into Python."""


def encode(value: Any, depth: int = 0) -> Any:
    """Return JSON data for a value."""
    if depth > 20:
        return _opaque(value)
    kind = type(value)
    if value is None or kind in (bool, str):
        return {"plain": value}
    if kind is float or (kind is int and value.bit_length() < 1000):
        return {"number": repr(value)}
    if value is ...:
        return {"ellipsis": True}
    if isinstance(value, Tensor):
        return _encode_tensor(value)
    if isinstance(value, np.ndarray | np.generic):
        return _encode_array(value)
    if isinstance(value, tuple | list):
        items = [encode(item, depth + 1) for item in value]
        return {"list" if isinstance(value, list) else "tuple": items}
    if isinstance(value, dict):
        pairs = [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in value.items()]
        return {"dict": pairs}
    return _opaque(value)


def decode(data: Any) -> Any:
    """Return the value of what `encode` made.

    Raises:
        WireError: If it is anything else.
    """
    try:
        ((kind, body),) = data.items()
        return _decode(kind, body)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise WireError(f"unreadable value: {error}") from error


def _decode(kind: str, body: Any) -> Any:
    if kind == "plain" and (body is None or type(body) in (bool, str)):
        return body
    if kind == "number":
        return int(body) if body.lstrip("-").isdigit() else float(body)
    if kind == "ellipsis":
        return ...
    if kind in ("list", "tuple"):
        items = [decode(item) for item in body]
        return items if kind == "list" else tuple(items)
    if kind == "dict":
        return {decode(key): decode(value) for key, value in body}
    if kind in ("tensor", "array"):
        return _decode_numbers(kind, body)
    if kind == "opaque":
        looks = _class(str(body["type"]), Opaque)
        return looks(str(body["shown"])[:_SHOWN])
    raise WireError(f"unknown kind {kind!r}")


def encode_error(error: BaseException, place: str) -> Any:
    """Return JSON data for an error and the place in words at which it was raised."""
    name = type(error).__name__
    for known in (NotImplementedError, TimeLimitError):  # a subclass counts as well
        if isinstance(error, known):
            name = known.__name__
    return {"type": name, "text": _safe_str(error), "place": place}


def decode_error(data: Any) -> tuple[Exception, str]:
    """Return the error and its place; an unknown class becomes an `OpaqueError`."""
    try:
        name, text, place = (str(data[key])[:2000] for key in ("type", "text", "place"))
    except (KeyError, TypeError) as error:
        raise WireError(f"unreadable error: {error}") from error
    if name == "TimeLimitError":
        return TimeLimitError(text), place
    found = getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, Exception):
        try:
            return found(text), place
        except TypeError:  # UnicodeDecodeError and its like want five arguments
            pass
    return _class(name, OpaqueError)(text), place


def _class(name: str, base: type) -> type:
    """A class that only goes by a student's name for it."""
    return type(re.sub(r"\W", "_", name)[:_SHOWN], (base,), {})


def to_line(message: dict[str, Any]) -> bytes:
    """One message as one line."""
    return json.dumps(message).encode() + b"\n"


def from_line(line: bytes) -> dict[str, Any]:
    """Read one line.

    Raises:
        WireError: If it is no JSON object.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise WireError(f"no message: {line[:60]!r}") from error
    if not isinstance(message, dict):
        raise WireError(f"no message: {line[:60]!r}")
    return message


def _encode_tensor(value: Tensor) -> Any:
    if value.numel() > LONGEST // 16:
        return _opaque(value)
    try:
        raw = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        body = {"dtype": str(value.dtype)[6:], "shape": list(value.shape)}
        return {"tensor": body | {"bytes": _text(raw.numpy().tobytes())}}
    except (RuntimeError, NotImplementedError):  # sparse, meta, quantised
        return _opaque(value)


def _encode_array(value: np.ndarray[Any, Any] | np.generic) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "biufc" or array.size > LONGEST // 16:
        return _opaque(value)
    body = {"dtype": array.dtype.str, "shape": list(array.shape)}
    body["bytes"] = _text(np.ascontiguousarray(array).tobytes())
    return {"array": body}


def _decode_numbers(kind: str, body: Any) -> Tensor | np.ndarray[Any, Any]:
    raw = bytearray(base64.b64decode(body["bytes"]))
    shape = [int(length) for length in body["shape"]]
    if kind == "array":
        dtype = np.dtype(str(body["dtype"]))
        if dtype.kind not in "biufc":
            raise WireError(f"an array of {dtype}")
        return np.frombuffer(raw, dtype).reshape(shape).copy()
    wanted = _DTYPES[body["dtype"]]
    if not raw:
        return torch.empty(0, dtype=wanted).reshape(shape)
    return torch.frombuffer(raw, dtype=torch.uint8).view(wanted).reshape(shape)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _opaque(value: Any) -> Any:
    try:
        shown = repr(value)[:_SHOWN]
    except BaseException as error:  # it may even try to leave
        shown = f"<no repr: {type(error).__name__}>"
    return {"opaque": {"type": type(value).__name__, "shown": shown}}


def _safe_str(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except BaseException:
        return "(its message cannot be shown)"
