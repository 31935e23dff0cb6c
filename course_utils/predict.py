"""Predict first, then look: a field for a prediction and the comparison afterwards.

One cell asks, ``guess = predict("…")``; the next one computes and compares,
``guess.reveal(result)``. Nothing waits for an answer: a notebook run from top to bottom
says that no prediction was made and goes on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import traitlets

from course_utils.live_form import LiveForm, prose, script
from course_utils.readings import flat, is_number, read_list, read_number

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_SHOWN: Final = 36  # numbers written out; of more only the count is told


@dataclass(frozen=True)
class Comparison:
    """A prediction beside what came out.

    Attributes:
        verdict: ``"match"``, ``"differs"``, ``"unread"`` or ``"none"`` (no prediction).
        text: The comparison in words.
    """

    verdict: str
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        mark = {"match": "✓ ", "differs": "✗ "}.get(self.verdict, "")
        return f"<p>{mark}{prose(self.text)}</p>"


class Prediction(LiveForm):
    """A question and the prediction that was recorded for it; made by `predict`."""

    _esm = script("predict.js")
    question = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    typed = traitlets.Unicode().tag(sync=True)  # what the field shows
    status = traitlets.Unicode().tag(sync=True)

    def __init__(self, question: str, options: Sequence[str] = ()) -> None:
        super().__init__(question=question, options=list(options))
        self._recorded: Any = None

    @property
    def value(self) -> Any:
        """The recorded prediction: a number, a list, a text, or ``None``."""
        return _first_reading(self._recorded)

    def record(self, value: Any) -> None:
        """Record a prediction from code.

        Args:
            value: A number, a list, a tensor, an option, or a text as typed.
        """
        self._recorded = _plain(value)
        self.typed = "" if value is None else _unquoted(self._recorded)
        self.status = ""  # so that the browser says it anew when it is the same again
        self.status = _status(self._recorded, self.options)

    def reveal(
        self, actual: Any, because: str = "", *, tolerance: float | None = None
    ) -> Comparison:
        """Compare the recorded prediction with what came out.

        Args:
            actual: A number, a list, a tensor or a text.
            because: Why it comes out so; added to the comparison.
            tolerance: By how much a number may differ. Unless given, whole numbers must
                be met exactly and others to one hundredth of their size.
        """
        wanted = _plain(actual)
        verdict, text = _compare(
            _reading_like(self._recorded, wanted), wanted, tolerance
        )
        return Comparison(verdict, f"{text} {because}".strip())

    def __repr__(self) -> str:
        return f"Prediction({self.question!r}, value={self.value!r})"

    def still_html(self) -> str:
        """Return the question, its options and how to answer."""
        items = "".join(f"<li>{prose(option)}</li>" for option in self.options)
        choices = f"<ul>{items}</ul>" if items else ""
        return (
            f"<p><strong>Predict:</strong> {prose(self.question)}</p>{choices}"
            "<p>Run this cell to record your prediction here, "
            "or call <code>.record(…)</code> on it.</p>"
        )

    def on_typed(self, content: dict[str, Any]) -> None:
        """Record what was typed or chosen in the browser."""
        self.record(content["typed"].strip() or None)


def predict(question: str, *, options: Sequence[str] | None = None) -> Prediction:
    """Ask for a prediction before a cell shows the result.

    Args:
        question: What to predict; `code` between backticks.
        options: The possible answers, at least two; without them there is a field for a
            number, a list or a few words.

    Raises:
        ValueError: If the question is empty, or if options are too few or equal.
    """
    if not question.strip():
        raise ValueError("question is empty; ask for something that a cell can show")
    if options is not None and (len(options) < 2 or len(set(options)) < len(options)):
        raise ValueError(
            f"options are {list(options)}; expected at least two, each different"
        )
    return Prediction(question, options or ())


def _plain(value: Any) -> Any:
    """Return tensors, arrays and tuples as (nested) lists, all else as it is."""
    listed = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(listed, (list, tuple)):
        return [_plain(item) for item in listed]
    return listed


def _first_reading(recorded: Any) -> Any:
    if not isinstance(recorded, str):
        return recorded
    for read in (read_number, read_list):
        reading = read(recorded)
        if reading is not None:
            return reading
    return recorded


def _reading_like(recorded: Any, wanted: Any) -> Any:
    """Read a text as the kind of thing that came out: "1,7" is 1.7 or [1, 7]."""
    if not isinstance(recorded, str) or isinstance(wanted, str):
        return recorded
    reading = read_list(recorded) if isinstance(wanted, list) else read_number(recorded)
    return _first_reading(recorded) if reading is None else reading


def _compare(guess: Any, wanted: Any, tolerance: float | None) -> tuple[str, str]:
    outcome = f"it is {_words(wanted)}."
    if guess is None:
        return "none", f"You made no prediction this time: {outcome}"
    kinds = ("list of numbers", "number", "answer")
    kind = kinds[0 if isinstance(wanted, list) else 1 if is_number(wanted) else 2]
    if isinstance(guess, str) and kind != "answer":
        return (
            "unread",
            f"You wrote “{guess}”, which does not read as a {kind}; {outcome}",
        )
    guesses, all_wanted = flat(guess), flat(wanted)
    if len(guesses) != len(all_wanted):
        return "differs", (
            f"You predicted {_words(guess)} ({len(guesses)} of the "
            f"{len(all_wanted)} expected values); {outcome}"
        )
    pairs = zip(guesses, all_wanted, strict=True)
    hits = sum(_agrees(one, other, tolerance) for one, other in pairs)
    if hits == len(all_wanted):
        return "match", f"You predicted {_words(guess)}, and so it is."
    count = f" {hits} of {len(all_wanted)} values match." if kind == kinds[0] else ""
    return "differs", f"You predicted {_words(guess)}; {outcome}{count}"


def _agrees(guess: Any, wanted: Any, tolerance: float | None) -> bool:
    if is_number(guess) and is_number(wanted):
        if math.isnan(wanted):
            return math.isnan(guess)
        share = 1e-9 if float(wanted).is_integer() else 0.01
        if tolerance is None:
            return math.isclose(guess, wanted, rel_tol=share, abs_tol=1e-9)
        return bool(abs(guess - wanted) <= tolerance)
    return str(guess).strip().casefold() == str(wanted).strip().casefold()


def _words(value: Any) -> str:
    """Return a value as one would write it: true minus signs, few decimals."""
    if isinstance(value, list):
        if len(flat(value)) > _MOST_SHOWN:
            return f"a list of {len(flat(value))} values"
        return f"[{', '.join(map(_words, value))}]"
    if is_number(value):
        written = str(value) if isinstance(value, int) else f"{value:.6g}"
        return written.replace("-", "−")
    return f"“{value}”" if isinstance(value, str) else str(value)


def _unquoted(value: Any) -> str:
    return value if isinstance(value, str) else _words(value)


def _status(recorded: Any, options: Sequence[str]) -> str:
    if recorded is None:
        return "Nothing recorded: the field is empty."
    reading = recorded if recorded in options else _first_reading(recorded)
    if isinstance(reading, str) and not options and any(c.isdigit() for c in reading):
        return (
            f"Recorded “{reading}”, though I cannot read it as a number or a list; "
            "write numbers alone, such as −3 or 1, 2, 3."
        )
    return f"Recorded: {_words(reading)}. Run the next cell to compare."
