"""Fingerprints of code: what changes them, and what does not."""

import ast

import pytest

from tools import recording_code

CODE = """
def step(x, *, rate: float = 0.1):
    'What it does.'
    return [x - rate * g for g in (1, 2)] if x else f"{x!r:>9}"

class Empty: ...
"""
SAME = CODE.replace("    return", "    # a comment\n\n    return").replace("'", '"')


def digits(source: str) -> str:
    return recording_code.fingerprint([ast.parse(source)])


def test_layout_and_comments_do_not_count() -> None:
    assert digits(SAME) == digits(CODE)


@pytest.mark.parametrize(
    ("old", "new"), [("0.1", "0.2"), ("(1, 2)", "(2, 1)"), ("Empty", "Full")]
)
def test_code_counts(old: str, new: str) -> None:
    assert digits(CODE.replace(old, new)) != digits(CODE)


def test_every_version_of_python_gives_these_digits() -> None:
    assert digits(CODE) == "f0103b8f1f5c"
