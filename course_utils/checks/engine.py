"""The engine of the exercises: an answer against the reference and known mistakes.

An `Exercise` is called with the student's answer and returns a `CheckResult`; it never
raises and never stops the notebook. It tests kind, shape, dtype and values on a few
fixed cases, each made to expose one mistake, and then on random ones. When the answers
are wrong in the very way of a declared `Mistake`, the verdict says which one it is.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from course_utils.checks.compare import difference, inside
from course_utils.checks.limits import TimeLimitError, call_with_limit, where_it_failed
from course_utils.checks.result import CheckResult, Verdict

RANDOM_CASES = 5


@dataclass(frozen=True)
class Case:
    """Arguments on which an answer is tried.

    Attributes:
        name: What the case is, in a few words for the student ("the lecture's image").
        args: Positional arguments; copied for each call, so nothing can change them.
        kwargs: Keyword arguments.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that students are known to give.

    Attributes:
        name: A short identifier, such as ``"running_sum"``.
        wrong: The wrong answer itself: a small implementation, or a value.
        hint: What to say to a student whose answers equal those of ``wrong``.
    """

    name: str
    wrong: Any
    hint: str


@dataclass(frozen=True)
class _Outcome:
    """What a call gave: a value, or the error that it raised."""

    value: Any = None
    error: Exception | None = None


def call(answer: Any, *args: Any, **kwargs: Any) -> Any:
    """Use an answer that is a function: call it. The default of `Exercise.use`."""
    return answer(*args, **kwargs)


def as_value(answer: Any) -> Any:
    """Use an answer that is a value: take it as it is."""
    return answer


@dataclass(frozen=True)
class Exercise:
    """One exercise: what is right, where it is tried, and how it is known to go wrong.

    Attributes:
        title: Number and name as on the exercise's card.
        reference: The right answer, of the same kind as the student's: a function that
            asks torch or a plain loop, or a value.
        cases: Small fixed cases; empty for an answer that is a value.
        mistakes: The known wrong answers.
        draw: Draws the arguments of a random case from a generator.
        use: How an answer is used on a case; `call` unless said otherwise.
        praise: What a right answer earns: one sentence that is worth reading.
        seconds: Time limit for the whole check.
        seed: Where the random cases begin; another seed gives hidden ones.
        redraw: Makes the exercise with other numbers, for one student alone.
        task: What a student reads where the numbers were drawn for them, in markdown.
    """

    title: str
    reference: Any
    cases: tuple[Case, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    draw: Callable[[torch.Generator], tuple[Any, ...]] | None = None
    use: Callable[..., Any] | None = None
    praise: str = ""
    seconds: float = 10.0
    seed: int = 0
    redraw: Callable[[torch.Generator], Exercise] | None = None
    task: str = ""

    def redrawn(self, seed: int) -> Exercise:
        """Return the exercise with other numbers; the same seed gives the same ones.

        Raises:
            ValueError: If this exercise does not declare how its numbers are drawn.
        """
        if self.redraw is None:
            raise ValueError(f"{self.title} has no `redraw`: its numbers are fixed.")
        return self.redraw(torch.Generator().manual_seed(seed))

    @property
    def is_value(self) -> bool:
        """Whether the answer is a value and not a function or class."""
        return not callable(self.reference)

    def __call__(self, answer: Any) -> CheckResult:
        """Return the verdict on ``answer``; never raises."""
        if answer is ...:
            return self._not_attempted()
        if not self.is_value and not callable(answer):
            return self._fail(
                f"The answer is {answer!r}; expected a function. Pass its name without "
                "calling it: no parentheses."
            )
        try:
            return self._judge(answer)
        except KeyboardInterrupt:
            return self._fail("You interrupted the check before it was done.")

    def _judge(self, answer: Any) -> CheckResult:
        deadline = float("inf")
        for case in self.all_cases():
            # first: what PyTorch imports on first use is not on the answer's time
            expected = self._expected(case)
            deadline = min(deadline, time.monotonic() + self.seconds)
            found, changed = self._try(answer, case, deadline)
            if isinstance(found.error, NotImplementedError):
                return self._not_attempted()
            problem = self._problem(case, found, expected)
            if isinstance(found.error, TimeLimitError):
                return self._fail(problem or "")  # no known mistake is endless
            if problem:
                return self._explain(answer, problem, deadline)
            if changed:
                return self._fail(
                    f"On {case.name} the result is right, but your function changed "
                    "its input, and the next reader of that input gets other numbers.",
                    "Work on a copy (`.clone()`), or write into a new tensor.",
                )
        cases = len(self.all_cases())
        tried = "" if self.is_value else f"Right on all {cases} cases. "
        return CheckResult(Verdict.PASS, self.title, (tried + self.praise).strip())

    def all_cases(self) -> tuple[Case, ...]:
        """Return the fixed cases, then the random ones; the same at each call."""
        if self.is_value:
            return (Case("your answer"),)
        if self.draw is None:
            return self.cases
        generator = torch.Generator().manual_seed(self.seed)
        drawn = (self.draw(generator) for _ in range(RANDOM_CASES))
        random = (Case(f"random case {n}", args) for n, args in enumerate(drawn, 1))
        return (*self.cases, *random)

    def known_mistake(
        self, answer: Any, deadline: float = float("inf")
    ) -> Mistake | None:
        """Return the first known mistake that gives the same results on all cases."""
        cases = self.all_cases()
        found = [self._try(answer, case, deadline)[0] for case in cases]
        for mistake in self.mistakes:
            known = (self._try(mistake.wrong, case, deadline)[0] for case in cases)
            if all(_same(k, f) for k, f in zip(known, found, strict=True)):
                return mistake
        return None

    def _try(self, answer: Any, case: Case, deadline: float) -> tuple[_Outcome, bool]:
        """Use ``answer`` on a copy of the case; tell whether it changed the copy."""
        args, kwargs = copy.deepcopy((case.args, case.kwargs))
        left = min(self.seconds, max(deadline - time.monotonic(), 0.1))
        try:
            value = call_with_limit(lambda: self._used(answer, args, kwargs), left)
        except Exception as error:
            return _Outcome(error=error), False
        return _Outcome(value), _changed((case.args, case.kwargs), (args, kwargs))

    def _expected(self, case: Case) -> Any:
        """Use the reference on a copy of the case, for as long as it takes."""
        args, kwargs = copy.deepcopy((case.args, case.kwargs))
        try:
            return self._used(self.reference, args, kwargs)
        except Exception as error:
            raise RuntimeError(f"the reference of {self.title} fails") from error

    def _used(self, answer: Any, args: Any, kwargs: Any) -> Any:
        use = self.use or (as_value if self.is_value else call)
        return use(answer, *args, **kwargs)

    def _problem(self, case: Case, found: _Outcome, expected: Any) -> str | None:
        """Return what is wrong on this case, or None."""
        if isinstance(found.error, TimeLimitError):
            return (
                f"On {case.name} your code was still running when the check's "
                f"{self.seconds:g} s were over{found.error}. Is there a loop that "
                "never ends?"
            )
        if found.error is not None:
            error = found.error
            return (
                f"On {case.name} your code raised {type(error).__name__}"
                f"{where_it_failed(error)}: {error}"
            )
        text = difference(expected, found.value, reveal=not self.is_value)
        if text is None:
            return None
        return text if self.is_value else f"On {case.name}: {inside(text)}"

    def _explain(self, answer: Any, problem: str, deadline: float) -> CheckResult:
        mistake = self.known_mistake(answer, deadline)
        if mistake is None:
            return self._fail(problem)
        return self._fail(problem, mistake.hint, mistake.name)

    def _fail(self, message: str, hint: str = "", mistake: str = "") -> CheckResult:
        return CheckResult(Verdict.FAIL, self.title, message, hint, mistake)

    def _not_attempted(self) -> CheckResult:
        todo = "replace the `...`" if self.is_value else "replace the `raise` line"
        return CheckResult(
            Verdict.NOT_ATTEMPTED,
            self.title,
            f"Nothing to check yet: {todo} with your answer and run the cell again.",
        )


def _same(a: _Outcome, b: _Outcome) -> bool:
    """Whether ``b`` passes for ``a``: an equal value, or the same error."""
    if a.error is not None or b.error is not None:
        same_kind = type(a.error) is type(b.error)
        return same_kind and str(a.error) == str(b.error)
    if a.value is None or b.value is None:
        return a.value is b.value
    try:
        return difference(a.value, b.value) is None
    except TypeError:  # a kind of answer that no reference has
        return False


def _changed(before: Any, after: Any) -> bool:
    """Whether any tensor within the arguments was changed in place."""
    if isinstance(before, torch.Tensor):
        return not torch.equal(before, after)
    if isinstance(before, dict):
        return any(_changed(before[key], after.get(key)) for key in before)
    if isinstance(before, tuple | list):
        return any(_changed(b, a) for b, a in zip(before, after, strict=True))
    return False
