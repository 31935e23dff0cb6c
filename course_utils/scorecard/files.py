"""Write score cards so that none is ever lost, and read them back with a sharp eye."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any, Final

from course_utils.assets.manifest import checkout
from course_utils.lab import Epoch
from course_utils.scorecard.card import ScoreCard
from course_utils.scorecard.task import Task

SCHEMA: Final = "cnn-workbook/scorecard"
VERSION: Final = 1

_KINDS: Final[dict[str, type | tuple[type, ...]]] = {
    "schema": str,
    "schema_version": int,
    "lesson": str,
    "workbook_version": str,
    "written": str,
    "task": dict,
    "description": str,
    "class_names": list,
    "seed": int,
    "seconds": (int, float),
    "interrupted": bool,
    "network": str,
    "parameters": int,
    "test": dict,
    "history": list,
    "machine": dict,
}


def default_path() -> Path:
    """Where a card goes: ``my_work/scorecard.json``, or here, outside the workbook."""
    root, here = checkout(), Path.cwd()
    inside = root is not None and here.is_relative_to(root)
    return (root / "my_work" if root and inside else here) / "scorecard.json"


def write(card: ScoreCard, path: str | Path | None = None) -> Path:
    """Write a card as JSON, and never over another one.

    Where ``scorecard.json`` holds another card, the new one becomes
    ``scorecard_2.json``, then ``scorecard_3.json``; writing the same card twice changes
    nothing. A file appears whole or not at all.

    Args:
        card: What to write.
        path: Where; default: `default_path`. Missing folders are made.

    Returns:
        Where the card lies now.
    """
    wanted = default_path() if path is None else Path(path)
    wanted.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(to_json(card), indent=1, ensure_ascii=False) + "\n"
    for number in count(1):
        target = wanted if number == 1 else _numbered(wanted, number)
        if target.exists():
            if target.read_text("utf-8", errors="replace") == text:
                return target
        elif _write_new(target, text):
            return target
    raise AssertionError("unreachable: there is always another number")


def read(path: str | Path) -> ScoreCard:
    """Read a card back and make sure that its numbers agree.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no score card, one of another version, or its
            numbers contradict each other; the message says which.
    """
    path = Path(path)
    try:
        found = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path.name} is no JSON ({error}); expected the file that "
            "scorecard.write made, unchanged"
        ) from error
    try:
        _require_kinds(found)
        card = _card(found)
        _require_agreement(card, found)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} is not as scorecard.write made it: {error}"
        ) from error
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    return card


def to_json(card: ScoreCard) -> dict[str, Any]:
    """Return the card as plain data, with what follows from its counts spelt out."""
    low, high = card.interval
    return {
        "schema": SCHEMA,
        "schema_version": VERSION,
        "lesson": card.lesson,
        "workbook_version": card.workbook_version,
        "written": card.written,
        "task": asdict(card.task),
        "description": card.description,
        "class_names": list(card.class_names),
        "seed": card.seed,
        "seconds": card.seconds,
        "interrupted": card.interrupted,
        "network": card.network,
        "parameters": card.parameters,
        "test": {
            "images": card.images,
            "correct": card.correct,
            "accuracy": round(card.accuracy, 6),
            "interval": [round(low, 6), round(high, 6)],
            "per_class": {
                name: None if share is None else round(share, 6)
                for name, share in card.per_class.items()
            },
            "confusion": [list(row) for row in card.confusion],
        },
        "history": [asdict(epoch) for epoch in card.history],
        "machine": card.machine,
    }


def _card(found: dict[str, Any]) -> ScoreCard:
    return ScoreCard(
        task=Task(**found["task"]),
        description=found["description"],
        class_names=tuple(found["class_names"]),
        confusion=tuple(tuple(row) for row in found["test"]["confusion"]),
        parameters=found["parameters"],
        network=found["network"],
        seed=found["seed"],
        seconds=found["seconds"],
        interrupted=found["interrupted"],
        history=tuple(Epoch(**epoch) for epoch in found["history"]),
        machine=found["machine"],
        written=found["written"],
        lesson=found["lesson"],
        workbook_version=found["workbook_version"],
    )


def _require_kinds(found: object) -> None:
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        raise ValueError(f'it is no score card: "schema" is not {SCHEMA!r}')
    if found.get("schema_version") != VERSION:
        raise ValueError(
            f"it has version {found.get('schema_version')!r}, and this workbook reads "
            f"version {VERSION}: use the workbook that wrote it"
        )
    for name, kind in _KINDS.items():
        value = found[name]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f"{name} is {value!r:.40}, a {type(value).__name__}")
    classes = len(found["class_names"])
    rows = found["test"]["confusion"]
    if len(rows) != classes or any(len(row) != classes for row in rows):
        raise ValueError(f"the confusion counts are not {classes} × {classes}")
    if any(type(count) is not int or count < 0 for row in rows for count in row):
        raise ValueError("the confusion counts are not all whole numbers from 0")
    if not any(map(any, rows)):
        raise ValueError("the confusion counts are all 0: no test image was counted")


def _require_agreement(card: ScoreCard, found: dict[str, Any]) -> None:
    if card.images != card.task.test_images:
        raise ValueError(
            f"the confusion counts add up to {card.images:,} images, and the test set "
            f"has {card.task.test_images:,}: the file was changed; write it anew"
        )
    computed = to_json(card)["test"]
    for name, value in computed.items():
        if found["test"][name] != value:
            raise ValueError(
                f"test.{name} is {found['test'][name]!r}, but the confusion counts "
                f"give {value!r}: the file was changed; write it anew"
            )


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}_{number}{path.suffix}")


def _write_new(target: Path, text: str) -> bool:
    """Write a file that does not exist yet; tell whether it did not."""
    handle, name = tempfile.mkstemp(prefix=".scorecard-", dir=target.parent, text=True)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return _claim(target, lambda: fresh.replace(target))
    finally:
        fresh.unlink(missing_ok=True)


def _claim(target: Path, put: Callable[[], object]) -> bool:
    """Take a name that nobody else has, then ``put`` the file there."""
    try:
        target.open("x").close()
    except FileExistsError:
        return False
    put()
    return True
