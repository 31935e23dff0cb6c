"""What crosses from a student's process: plain data, whatever is sent."""

import json
from typing import Any

import numpy as np
import pytest
import torch

from course_utils.checks.limits import TimeLimitError
from tools.grading import wire


def _sent(value: Any) -> Any:
    line = wire.to_line({"value": wire.encode(value)})
    return wire.decode(wire.from_line(line)["value"])


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        -2.5,
        float("inf"),
        "é",
        ...,
        (1, [2.0, "x"]),
        {"a": (1,), 2: None},
    ],
    ids=repr,
)
def test_plain_values_arrive_as_they_are(value: Any) -> None:
    assert _sent(value) == value
    assert type(_sent(value)) is type(value)


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.bool])
def test_tensors_arrive_with_shape_and_dtype(dtype: torch.dtype) -> None:
    value = torch.arange(6).reshape(2, 3).T.to(dtype)
    assert torch.equal(_sent(value), value)
    assert _sent(value).dtype == dtype


def test_an_empty_tensor_keeps_its_shape() -> None:
    assert _sent(torch.zeros(0, 3)).shape == (0, 3)


def test_arrays_arrive_as_arrays() -> None:
    assert np.array_equal(_sent(np.eye(2)), np.eye(2))


def test_not_a_number_stays_one() -> None:
    assert str(_sent(float("nan"))) == "nan"


def test_an_object_arrives_as_its_looks_alone() -> None:
    class Trick:
        def __reduce__(self) -> Any:
            return (print, ("run where it is read",))

        def __repr__(self) -> str:
            return "<trick>"

    arrived = _sent(Trick())
    assert isinstance(arrived, wire.Opaque)
    assert (repr(arrived), type(arrived).__name__) == ("<trick>", "Trick")


def test_an_object_without_repr_arrives_all_the_same() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError

    assert "ValueError" in repr(_sent(Broken()))


@pytest.mark.parametrize(
    "data",
    [
        {"plain": [1]},
        {"number": "__import__('os')"},
        {"tensor": {"dtype": "float32", "shape": [9], "bytes": ""}},
        {"tensor": {"dtype": "Tensor", "shape": [0], "bytes": ""}},
        {"array": {"dtype": "O", "shape": [1], "bytes": "AAAAAAAAAAA="}},
        {"pickle": "gASV"},
        {"dict": [[{"list": []}, {"plain": None}]]},
        {},
        7,
    ],
    ids=str,
)
def test_what_we_did_not_write_is_refused(data: Any) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(data)


@pytest.mark.parametrize("line", [b"\xff\n", b"[1]\n", b"{" * 100_000, b"\n"])
def test_a_line_that_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.from_line(line)


def test_an_error_arrives_as_its_own_class_with_its_place() -> None:
    error, place = wire.decode_error(wire.encode_error(IndexError("no"), " in line 3"))
    assert (type(error), str(error), place) == (IndexError, "no", " in line 3")


def test_a_time_limit_arrives_as_one() -> None:
    error, _ = wire.decode_error(wire.encode_error(TimeLimitError("x"), ""))
    assert isinstance(error, TimeLimitError)


@pytest.mark.parametrize("name", ["UnicodeDecodeError", "SystemExit", "Own", "print"])
def test_an_unusual_error_arrives_under_its_name(name: str) -> None:
    error, _ = wire.decode_error({"type": name, "text": "t", "place": ""})
    assert (type(error).__name__, str(error)) == (name, "t")
    assert isinstance(error, Exception)


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "", "x" * 10_000])
def test_a_name_that_no_class_can_have_is_mended(name: str) -> None:
    error, _ = wire.decode_error({"type": name, "text": "t", "place": ""})
    assert isinstance(error, wire.OpaqueError)
    shown = wire.decode({"opaque": {"type": name, "shown": "<x>"}})
    assert repr(shown) == "<x>"


def test_messages_are_json() -> None:
    assert json.loads(wire.to_line({"a": wire.encode(torch.ones(1))}))
