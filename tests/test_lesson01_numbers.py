"""Each number in the prose and the hints of lessons 00 and 01 that no cell prints."""

import re

import numpy as np
import pytest
import torch

from course_utils.arithmetic import conv_parameters, linear_parameters
from course_utils.checks import lesson00, lesson01
from course_utils.checks.engine import Exercise
from course_utils.photos import photo, photo_pil
from course_utils.questions.lesson01 import quiz
from tests.notebooks import read


def _stored_text(lesson: str) -> str:
    cells = read(lesson, worked=True).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") for output in outputs)


def _patch() -> torch.Tensor:
    (cell,) = (c for c in read("01", worked=True).cells if "patch = torch" in c.source)
    rows = re.findall(r"\[(\d+(?:, \d+){7})\]", cell.source)
    return torch.tensor([[int(n) for n in row.split(", ")] for row in rows])


def _hint(exercise: Exercise, mistake: str) -> str:
    (hint,) = (m.hint for m in exercise.mistakes if m.name == mistake)
    return hint


def test_patch_is_the_lectures() -> None:
    patch = _patch()
    assert patch.shape == (8, 8)
    assert patch[0].tolist() == [203, 202, 195, 185, 196, 197, 196, 195]
    assert patch[7].tolist() == [27, 60, 118, 142, 139, 149, 146, 144]


def test_patch_is_dark_at_the_lower_left_and_bright_along_the_top() -> None:
    patch = _patch()
    assert all(19 <= number <= 35 for number in patch[4:7, :2].flatten().tolist())
    assert all(185 <= number <= 203 for number in patch[0].tolist())


def test_brightest_pixel_is_the_only_one_and_the_hints_about_it_hold() -> None:
    patch = _patch()
    assert (patch == 209).nonzero().tolist() == [[1, 0]]
    assert patch.max() == 209
    assert patch.argmax() == 8
    assert (patch[0, 1], patch[0, 0], patch[4, 1]) == (202, 203, 19)
    assert patch[0].max() == 203
    assert patch.min() == 19


def test_photograph_has_the_shape_and_count_of_the_prose() -> None:
    pixels = np.array(photo_pil("chelsea"))
    assert pixels.shape == (300, 451, 3)
    assert pixels.size == 405_900
    assert "405 900" in lesson00.check_count_numbers.praise


def test_wrong_counts_in_the_practice_hints_are_those_of_the_mistakes() -> None:
    exercise = lesson00.check_count_numbers
    assert "not 16" in _hint(exercise, "added")
    assert 8 + 8 == 16
    assert "8 · 8 · 3 = 192, not 8 · 8 + 3 = 67" in _hint(exercise, "channels_added")
    assert (8 * 8 * 3, 8 * 8 + 3) == (192, 67)


def test_reshape_moves_two_numbers_in_three_to_another_colour() -> None:
    place = torch.arange(75 * 113 * 3)
    before = place.reshape(75, 113, 3).permute(2, 0, 1).flatten()
    pixels = 75 * 113
    other_colour = (before // pixels) != (place // pixels)
    assert other_colour.float().mean().item() == pytest.approx(2 / 3, abs=0.001)
    assert (before != place).float().mean().item() > 0.99


def test_bytes_to_floats_differ_in_last_bits_between_the_transforms() -> None:
    from torchvision.transforms.v2 import functional

    numbers = torch.arange(256, dtype=torch.uint8)
    v1, v2 = numbers / 255, functional.to_dtype(numbers, torch.float32, scale=True)
    assert 0 < (v1 != v2).sum() < 256
    assert torch.equal(v2, numbers.float() * (1 / 255))
    assert torch.allclose(v1, v2, atol=1e-6)


def test_grey_weights_add_up_to_one() -> None:
    white = torch.ones(3, 1, 1)
    assert lesson01.check_to_gray.reference(white).item() == pytest.approx(1)


def test_normalised_black_without_division_is_near_minus_a_half() -> None:
    assert round((0 - 0.485) / 0.229, 1) == -2.1
    assert round(0 - 0.485, 1) == round(0 / 0.229 - 0.485, 1) == -0.5


def test_parameter_counts_in_the_hints_are_those_of_the_mistakes() -> None:
    exercise = lesson01.check_count_parameters
    weights, neurons = 10_000 * 1000, 1000
    assert "10 010 000" in _hint(exercise, "bias_per_input")
    assert weights + 10_000 == 10_010_000
    assert "10 000 001" in _hint(exercise, "one_bias")
    assert "10 000 000 + 1000 = 10 001 000" in _hint(exercise, "no_bias")
    assert weights + neurons == linear_parameters(10_000, 1000) == 10_001_000


def test_layer_announced_for_lesson_02_has_15_200_parameters() -> None:
    assert conv_parameters(in_channels=3, out_channels=200, kernel_size=5) == 15_200


@pytest.mark.parametrize("number", ["10 000 000", "10 001 000", "150 529 000"])
def test_parameter_counts_are_printed_by_the_lesson(number: str) -> None:
    assert number in _stored_text("01")


def test_five_of_seven_changes_go_farther_than_a_plain_card() -> None:
    lines = _stored_text("01").splitlines()
    farther = {line.split()[0] for line in lines if "farther than the card" in line}
    nearer = {line.split()[0] for line in lines if "nearer than the card" in line}
    assert farther == {"position", "orientation", "scale", "background", "colour"}
    assert nearer == {"form", "view"}


def test_cat_at_half_the_light_is_nearest_to_the_rocket() -> None:
    size = (80, 120)
    dusk = photo("chelsea", size=size) * 0.5
    names = ["chelsea", "coffee", "astronaut", "rocket", "china", "flower"]
    distance = {n: (dusk - photo(n, size=size)).square().mean() for n in names}
    assert min(distance, key=distance.__getitem__) == "rocket"


def test_quiz_takes_the_right_answers() -> None:
    right = ["(16, 3, 224, 320)", 216, 0.314, 6_144_500]
    right.append("equally good, apart from luck")
    verdicts = [
        quiz.answer(number, value).verdict for number, value in enumerate(right, 1)
    ]
    assert verdicts == ["right"] * 5


def test_expected_wrong_answers_of_the_quiz_are_what_they_say() -> None:
    names = ("chelsea", "coffee", "flower")
    batch = torch.stack([photo(name, size=(160, 240)) for name in names])
    red = batch[:, 0]
    computed = [
        red.std(dim=(1, 2)).mean(),
        batch.std(),
        batch[:, 2].std(),
        red[0].std(),
        red.var(),
    ]
    wrong = list(quiz.questions[2].wrong)
    assert wrong == pytest.approx([float(value) for value in computed], abs=0.001)
    assert list(quiz.questions[3].wrong) == [
        64 * 64 * 3 * 500,
        (64 * 64 + 1) * 500,
        64 * 64 * 500,
    ]
    assert 64 * 64 * 3 + 1 == 12_289
