"""What makes the drawings exact: the tape, and edges that meet no tie."""

from __future__ import annotations

import hashlib
import struct
from fractions import Fraction

import numpy as np
import pytest

from course_utils.drawn.canvas import Canvas, without_ties
from course_utils.drawn.light import _ramp
from course_utils.drawn.tape import TURN, Tape, cosine, sine

HALF = Fraction(1, 2)


def ties(flat: list[int]) -> int:
    """Count the rows in which an edge passes half-way between two samples."""
    corners = list(zip(flat[::2], flat[1::2], strict=True))
    found = 0
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        for row in range(min(y0, y1), max(y0, y1) + 1 if y0 != y1 else 0):
            crossing = x0 + Fraction((row - y0) * (x1 - x0), y1 - y0)
            found += crossing % 1 == HALF
    return found


def test_edges_that_met_ties_meet_none_afterwards() -> None:
    tape = Tape(0, 0)
    before = after = 0
    for _ in range(200):
        corners = [(tape.integer(0, 96), tape.integer(0, 96)) for _ in range(6)]
        before += ties([value for corner in corners for value in corner])
        after += ties(without_ties(corners))
    assert before > 100
    assert after == 0


def test_tape_reads_hashes_of_a_counter() -> None:
    key = struct.pack("<QQ", 1, 2)
    block = hashlib.blake2b(bytes(4), key=key).digest()
    tape = Tape(1, 2)
    numbers = [tape.integer(0, 65535) for _ in range(32)]
    assert numbers == list(struct.unpack("<32H", block))


def test_tape_goes_on_after_its_first_hash() -> None:
    tape = Tape(3, 4)
    numbers = [tape.integer(0, 65535) for _ in range(500)]
    assert len(set(numbers)) > 480


def test_numbers_are_spread_evenly() -> None:
    tape = Tape(5, 6)
    values = [tape.uniform(0, 1) for _ in range(4000)]
    counts, _ = np.histogram(values, bins=8, range=(0, 1))
    assert counts.min() > 400
    assert counts.max() < 600
    assert {tape.integer(2, 5) for _ in range(200)} == {2, 3, 4, 5}


def test_weights_are_kept() -> None:
    tape = Tape(7, 8)
    drawn = [
        tape.weighted((("rare", 1), ("often", 9), ("never", 0))) for _ in range(900)
    ]
    assert drawn.count("never") == 0
    assert 50 < drawn.count("rare") < 140


def test_no_weight_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="not positive"):
        Tape(0, 0).weighted((("a", 0),))


def test_sine_table_is_far_from_rounding_otherwise() -> None:
    # six decimals of a sine that any library gets right to twelve
    for angle in range(TURN):
        exact = np.sin(2 * np.pi * angle / TURN)
        assert abs(sine(angle) - exact) < 0.5e-6
        assert abs(abs(exact * 1e6 - np.floor(exact * 1e6)) - 0.5) > 1e-6
    assert cosine(0) == 1


def test_weights_of_interpolation_are_whole_and_add_up() -> None:
    for cells, size in ((3, 32), (6, 32), (32, 100)):
        ramp = _ramp(cells, size)
        assert np.array_equal(ramp, ramp.round())
        assert (ramp.sum(axis=1) == 256).all()


def test_strokes_carry_their_owner() -> None:
    canvas = Canvas(20, 30)
    canvas.owner = 3
    canvas.rectangle(10, 5, 20, 15, (255, 0, 0))
    owners = canvas.owners()
    assert owners.shape == (20, 30)
    assert (owners[5:15, 10:20] == 3).all()
    assert (owners == 3).sum() == 100
    assert (canvas.pixels()[:, 7, 12] == [255, 0, 0]).all()


def test_edges_are_antialiased() -> None:
    canvas = Canvas(20, 20)
    canvas.ellipse(10, 10, 6, 6, (255, 255, 255))
    assert len(np.unique(canvas.pixels())) > 4
