"""Exercise 10.7: BLEU's clipped precision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import torch

from course_utils.checks.engine import Case, Exercise, Mistake

Runs = Counter[tuple[str, ...]]
Precision = Callable[[str, list[str], int], float]


def clipped_precision(sentence: str, references: list[str], n: int) -> float:
    """Strike each run of the sentence off a copy of the reference that grants most."""
    runs = _runs(sentence, n)
    granted = 0
    for run in set(runs):
        most = max(_runs(reference, n).count(run) for reference in references)
        granted += min(most, runs.count(run))
    return granted / len(runs)


def _runs(sentence: str, n: int) -> list[tuple[str, ...]]:
    words = sentence.split()
    return [tuple(words[k : k + n]) for k in range(len(words) - n + 1)]


def _precision(
    grant: Callable[[int, Iterable[int]], int] = lambda own, given: min(
        own, max(given)
    ),
    total: Callable[[Runs, list[Runs], str], int] = lambda own, _, __: own.total(),
) -> Precision:
    """Return a precision that grants or divides in another way."""

    def precision(sentence: str, references: list[str], n: int) -> float:
        own = Counter(_runs(sentence, n))
        given = [Counter(_runs(reference, n)) for reference in references]
        granted = sum(
            grant(count, [one[run] for one in given]) for run, count in own.items()
        )
        return granted / total(own, given, sentence)

    return precision


def _off_by_one(sentence: str, references: list[str], n: int) -> float:
    own, given = _runs(sentence, n)[:-1], [_runs(one, n)[:-1] for one in references]
    granted = sum(
        min(own.count(run), max(one.count(run) for one in given)) for run in set(own)
    )
    return granted / max(len(own), 1)


_WORDS = ("a", "two", "red", "blue", "ring", "square", "above", "of")


def _draw(generator: torch.Generator) -> tuple[str, list[str], int]:
    def sentence(length: int) -> str:
        picks = torch.randint(len(_WORDS), (length,), generator=generator).tolist()
        return " ".join(_WORDS[pick] for pick in picks)

    return sentence(9), [sentence(12), sentence(7)], 1


_TRUE = ["a red ring above two blue squares", "two blue squares below a red ring"]

check_clipped_precision = Exercise(
    title="10.7 · Count like BLEU",
    reference=clipped_precision,
    cases=(
        Case("one word wrong, n = 1", ("a red ring above two red squares", _TRUE, 1)),
        Case("the same, n = 2", ("a red ring above two red squares", _TRUE, 2)),
        Case("the last run is the wrong one", ("two blue squares above", _TRUE, 2)),
        Case("one word again and again", ("red red red red", _TRUE, 1)),
        Case(
            "twice in one reference, once in the other",
            ("red red red ring", ["red ring red square", "a red ring"], 1),
        ),
        Case("right but short", ("a red ring", _TRUE, 1)),
    ),
    mistakes=(
        Mistake(
            "not_clipped",
            _precision(lambda own, given: own if any(given) else 0),
            "You did not clip: “red red red red” is granted four times where a "
            "reference has one “red”. A run counts at most as often as a reference "
            "has it.",
        ),
        Mistake(
            "references_added_up",
            _precision(lambda own, given: min(own, sum(given))),
            "You clipped at the *sum* over the references. Asked for is the one "
            "reference that has the run most often.",
        ),
        Mistake(
            "least_generous_reference",
            _precision(lambda own, given: min(own, *given)),
            "You clipped at the reference that has the run *least* often. Any of the "
            "right sentences may grant it: take the largest count.",
        ),
        Mistake(
            "first_reference_only",
            lambda s, refs, n: clipped_precision(s, refs[:1], n),
            "You looked at the first reference only. All of them are right sentences.",
        ),
        Mistake(
            "different_runs",
            _precision(lambda own, given: int(any(given)), lambda own, *_: len(own)),
            "You counted each different run once. In “red red red red” there are four "
            "runs of one word, and one of them is granted.",
        ),
        Mistake(
            "recall",
            _precision(total=lambda own, given, _: max(given[0].total(), 1)),
            "You divided by the runs of the reference: that is a recall. Precision "
            "asks which share of the *sentence* is right.",
        ),
        Mistake(
            "divided_by_words",
            _precision(total=lambda own, given, sentence: len(sentence.split())),
            "You divided by the number of words. A sentence of L words has L − n + 1 "
            "runs of n.",
        ),
        Mistake(
            "n_ignored",
            lambda s, refs, n: clipped_precision(s, refs, 1),
            "You counted single words whatever n is. A run is "
            "`tuple(words[i : i + n])`.",
        ),
        Mistake(
            "last_run_forgotten",
            _off_by_one,
            "The last run is missing: i goes from 0 to len(words) − n *inclusive*, "
            "`range(len(words) - n + 1)`.",
        ),
    ),
    draw=_draw,
    praise="BLEU is the geometric mean of four of these, times a penalty for brevity.",
)
