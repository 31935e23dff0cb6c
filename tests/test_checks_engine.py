"""The engine of the exercises: what it says to right, wrong and hostile answers."""

import threading
import time

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.checks.result import Verdict

IMAGE = torch.arange(20.0).reshape(4, 5)
KERNEL = torch.tensor([[1.0, 2.0], [0.0, -1.0]])


def correlate(image: Tensor, kernel: Tensor) -> Tensor:
    return F.conv2d(image[None, None], kernel[None, None])[0, 0]


def flipped(image: Tensor, kernel: Tensor) -> Tensor:
    return correlate(image, kernel.flip(0, 1))


SLIDE = Exercise(
    title="slide the kernel",
    reference=correlate,
    cases=(Case("the small image", (IMAGE, KERNEL)),),
    mistakes=(
        Mistake("flipped", flipped, "You turned the kernel round."),
        Mistake("transposed", lambda i, k: correlate(i, k).T, "Rows are columns."),
    ),
    draw=lambda g: (torch.randn(6, 5, generator=g), torch.randn(3, 2, generator=g)),
    praise="Well done.",
    seconds=1.0,
)
COUNT = Exercise(
    title="count",
    reference=15_200,
    mistakes=(Mistake("no_bias", 15_000, "Each output channel has a bias."),),
)


def test_right_answer_passes() -> None:
    result = SLIDE(correlate)
    assert result.verdict is Verdict.PASS
    assert result.passed
    assert "6 cases" in result.message
    assert "Well done." in result.message


def test_known_mistake_is_named_with_its_hint() -> None:
    result = SLIDE(flipped)
    assert (result.verdict, result.mistake) == (Verdict.FAIL, "flipped")
    assert result.hint == "You turned the kernel round."


def test_known_value_is_named_and_the_answer_is_not_given_away() -> None:
    result = COUNT(15_000)
    assert result.mistake == "no_bias"
    assert "15200" not in repr(result)


def test_known_value_is_named_whether_typed_as_int_or_float() -> None:
    row = Exercise(
        title="row",
        reference=(-11.0, -25.0),
        mistakes=(Mistake("running_sum", (-11.0, -45.0), "You added them up."),),
    )
    assert row((-11, -45)).mistake == "running_sum"
    assert row((-11.0, -45.0)).mistake == "running_sum"


def test_answer_right_on_fixed_cases_only_fails_on_random_ones() -> None:
    table = correlate(IMAGE, KERNEL)

    def looked_up(image: Tensor, kernel: Tensor) -> Tensor:
        return table.clone()

    result = SLIDE(looked_up)
    assert result.verdict is Verdict.FAIL
    assert "random case 1" in result.message


def _stub(image: Tensor, kernel: Tensor) -> Tensor:
    raise NotImplementedError


def test_stub_is_not_attempted() -> None:
    assert SLIDE(_stub).verdict is Verdict.NOT_ATTEMPTED
    assert SLIDE(...).verdict is Verdict.NOT_ATTEMPTED
    assert COUNT(...).verdict is Verdict.NOT_ATTEMPTED


def _raises(image: Tensor, kernel: Tensor) -> Tensor:
    return image[100]


def _changes_input(image: Tensor, kernel: Tensor) -> Tensor:
    result = correlate(image, kernel)
    image.zero_()
    return result


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda i, k: torch.zeros_like(correlate(i, k)), "every value is 0"),
        (lambda i, k: correlate(i, k).flatten(), "only the shape has to change"),
        (lambda i, k: correlate(i, k)[1:], "expected (3, 4)"),
        (lambda i, k: correlate(i, k).long(), "torch.int64; expected torch.float32"),
        (lambda i, k: correlate(i, k) * torch.nan, "NaN"),
        (lambda i, k: correlate(i, k) + 1, "12 of 12 values differ"),
        (lambda i, k: correlate(i, k).numpy(), "expected a torch.Tensor"),
        (lambda i, k: None, "`return` missing"),
        (lambda i: i, "TypeError"),
        (_raises, "IndexError in line"),
        (_changes_input, "changed its input"),
        (correlate(IMAGE, KERNEL), "without calling it"),
    ],
)
def test_wrong_answer_gets_a_useful_message(answer: object, words: str) -> None:
    result = SLIDE(answer)
    assert result.verdict is Verdict.FAIL
    assert words in result.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (15_200.0, "expected an int"),
        (float("nan"), "NaN"),
        ("15200", "expected a number"),
        (None, "None"),
        (True, "expected a number"),
        (7, "not right"),
    ],
)
def test_wrong_value_gets_a_useful_message(answer: object, words: str) -> None:
    result = COUNT(answer)
    assert result.verdict is Verdict.FAIL
    assert words in result.message


def _endless(image: Tensor, kernel: Tensor) -> Tensor:
    while True:
        try:
            pass
        except Exception:
            continue


def test_endless_loop_is_stopped_and_its_line_named() -> None:
    began = time.monotonic()
    result = SLIDE(_endless)
    assert time.monotonic() - began < 5
    assert "still running" in result.message
    assert "in line" in result.message
    assert not [t for t in threading.enumerate() if t.name == "student-answer"]


def test_the_cases_survive_an_answer_that_destroys_its_arguments() -> None:
    SLIDE(lambda i, k: i.zero_())
    assert SLIDE(correlate).passed


def test_a_tuple_may_be_a_list_a_size_or_a_tensor() -> None:
    exercise = Exercise(title="shape", reference=(2, 3))
    for answer in ((2, 3), [2, 3], torch.Size((2, 3)), torch.tensor([2, 3])):
        assert exercise(answer).passed
    assert "expected 2" in exercise((2, 3, 4)).message
    assert "Value 1" in exercise((2, 4)).message


def test_a_class_is_tried_through_use() -> None:
    def shape_after(model: type[torch.nn.Module], x: Tensor) -> tuple[int, ...]:
        return tuple(model()(x).shape)

    exercise = Exercise(
        title="flatten",
        reference=torch.nn.Flatten,
        cases=(Case("a batch of two", (torch.zeros(2, 3, 4),)),),
        use=shape_after,
    )
    assert exercise(torch.nn.Flatten).passed
    assert "expected 2" in exercise(torch.nn.Identity).message


def test_result_reads_well_as_text_and_as_html() -> None:
    result = SLIDE(flipped)
    assert repr(result).startswith("✗ FAIL · slide the kernel\n")
    html = Exercise(title="a < b", reference=1)(2)._repr_html_()
    assert "a &lt; b" in html
    assert "FAIL" in html


def test_what_loads_on_first_use_is_not_on_the_answers_time() -> None:
    loaded: list[bool] = []

    def load_and_call(answer: object) -> object:
        if not loaded:
            time.sleep(0.6)
            loaded.append(True)
        return answer() if callable(answer) else answer

    exercise = Exercise(
        title="slow to load",
        reference=lambda: 1,
        cases=(Case("the only one"),),
        use=load_and_call,
        seconds=0.4,
    )
    assert exercise(lambda: 1).verdict is Verdict.PASS


def test_a_reference_that_fails_is_the_workbooks_fault() -> None:
    broken = Exercise(
        title="broken", reference=lambda: 1 / 0, cases=(Case("the only one"),)
    )
    with pytest.raises(RuntimeError, match="the reference of broken fails"):
        broken(lambda: 1)
