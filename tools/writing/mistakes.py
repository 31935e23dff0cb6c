"""The known mistakes of all exercises, and how each of them shows itself."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake, as_value, call
from tools.building.project import Lesson, Project
from tools.writing.lessons import exercise_link, headings

SILENT: Final = "silent"
SHAPE: Final = "another shape"
ERROR: Final = "an error"
_INTRODUCTION = """\
# Silent mistakes

The workbook's exercises know {count} mistakes, and recognise an answer that makes one
of them. **{silent} of them are silent**: on every example of the exercise the code
runs to its end and gives an answer of the right shape; only its values are wrong. The
other {loud} show themselves on some example; in parentheses it says how.

## How to notice them

- **A score too good to be true.** Ask of every number where it was computed, and on
  what: nothing may be chosen, fitted or normalised by the images that judge.
- **Modes, gradients, memory.** A layer in the wrong mode, a gradient kept or lost, a
  state that one step leaves to the next: print `model.training` and `requires_grad`,
  and run the same batch twice.
- **Logits and probabilities.** A softmax too many still gives numbers that add up to 1,
  and a loss that falls, only more slowly: know which of your numbers are logits.
- **The right numbers in the wrong places.** As long as the shapes fit, nobody
  complains: try a case in which N, C, H and W are four different numbers.
- **Means of what, over what, divided by what?** A mean of means is not the mean: try
  batches of different sizes.
- **Scale.** Bytes for shares, variances for deviations: look at the smallest and the
  largest value before you believe the rest.
- **Windows.** An output of the right size can come from windows that lie elsewhere:
  follow one in a corner and one at the far edge by hand.
- **True for this size only.** A number typed in where the code could have asked holds
  until the first image of another size: try one.
- **A part forgotten, or put in twice.** The network runs without its bias, and with two
  activations: count the parameters, and compare.
"""


@dataclass(frozen=True)
class Known:
    """A mistake, and how it shows itself on its exercise's cases."""

    mistake: Mistake
    shows: str

    @property
    def line(self) -> str:
        """The mistake as an item of a list."""
        name = self.mistake.name.replace("_", " ")
        loud = "" if self.shows == SILENT else f" ({self.shows})"
        return f"- **{name}**{loud}: {' '.join(self.mistake.hint.split())}"


def mistakes(project: Project) -> str:
    """Return the page."""
    parts, found = [], []
    for lesson in project.lessons():
        parts.append(f"## {headings(lesson)[0]}\n")
        for exercise in exercises(lesson):
            known = known_mistakes(exercise)
            found += known
            parts.append(f"### {exercise_link(lesson, exercise.title)}\n")
            parts.append("\n".join(one.line for one in known) + "\n")
    silent = sum(one.shows == SILENT for one in found)
    loud = len(found) - silent
    start = _INTRODUCTION.format(count=len(found), silent=silent, loud=loud)
    return "\n".join([start, *parts])


def exercises(lesson: Lesson) -> Iterator[Exercise]:
    """Yield the exercises of a lesson, in the order of their numbers."""
    module = importlib.import_module(f"course_utils.checks.lesson{lesson.number}")
    found = [e for e in vars(module).values() if isinstance(e, Exercise)]
    yield from sorted(found, key=_number)


def known_mistakes(exercise: Exercise) -> list[Known]:
    """The mistakes of an exercise, each tried on the fixed cases."""
    cases = exercise.cases or exercise.all_cases()
    right = [_form(_result(exercise, exercise.reference, case)) for case in cases]
    return [Known(m, _sign(exercise, m, cases, right)) for m in exercise.mistakes]


def _number(exercise: Exercise) -> tuple[int, ...]:
    return tuple(map(int, exercise.title.partition(" ")[0].split(".")))


def _sign(
    exercise: Exercise, mistake: Mistake, cases: Sequence[Case], right: list[object]
) -> str:
    try:
        wrong = [_form(_result(exercise, mistake.wrong, case)) for case in cases]
    except Exception:  # what a wrong answer raises is what we ask for
        return ERROR
    return SILENT if wrong == right else SHAPE


def _result(exercise: Exercise, answer: Any, case: Case) -> Any:
    use = exercise.use or (as_value if exercise.is_value else call)
    args, kwargs = copy.deepcopy((case.args, case.kwargs))
    return use(answer, *args, **kwargs)


def _form(value: Any) -> object:
    """The shape of a tensor, of each tensor in a list; numbers are all alike."""
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {key: _form(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_form(item) for item in value]
    return "a value" if value is not None else "nothing"
