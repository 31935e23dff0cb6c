"""What lesson 10 claims of its trainings, held against the recorded seeds."""

import pytest

from course_utils.recorded import recorded
from tests.lesson_functions import cell_with
from tools import record_lesson10 as recorder

AGAIN = "run `python -m tools.record_lesson10` again"
RUNS = recorded("lesson10")
Range = tuple[float, float]


def recorded_range(page: str, name: str) -> Range:
    low, high = RUNS["ranges"][page][name]
    return low, high


def test_recording_is_of_the_lesson_as_it_is() -> None:
    assert RUNS["recipe"] == recorder.recipe(), AGAIN


def test_recipe_is_that_of_the_numbers_and_not_of_the_words() -> None:
    claimed = """
from course_utils.claims import claim
excuse = "not tried"
share = 0.5
claim("half of them", share == 0.5, excuse)"""
    bare = "share = 0.5\nassert share == 0.5\nprint('half of them')"
    assert recorder.recipe([claimed]) == recorder.recipe([bare])
    assert recorder.recipe([claimed.replace("0.5", "0.6")]) != recorder.recipe([bare])


def test_recording_has_three_seeds_or_more_and_says_where_and_when() -> None:
    assert len(RUNS["seeds"]) == len(RUNS["runs"]) >= 3
    assert "torch" in RUNS["machine"]
    assert RUNS["date"] >= "2026"


def test_ranges_are_those_of_the_runs() -> None:
    for page, numbers in RUNS["ranges"].items():
        for name, (low, high) in numbers.items():
            values = [run[page][name] for run in RUNS["runs"]]
            assert (min(values), max(values)) == (low, high)


def excuse(seed: int, effort: int) -> str:
    """Why the lesson's claims need not hold with these parameters, in its own words."""
    (line,) = [
        line
        for line in cell_with("10", "excuse = ").splitlines()
        if line.startswith("excuse = ")
    ]
    found: dict[str, object] = {"seed": seed, "effort": effort}
    exec(line, found)
    return str(found["excuse"])


def test_claims_must_hold_with_the_recorded_seeds_and_with_no_others() -> None:
    assert not any(excuse(seed, effort=1) for seed in RUNS["seeds"])
    assert excuse(seed=max(RUNS["seeds"]) + 1, effort=1)
    assert excuse(seed=0, effort=4)


ABOVE = [
    ("1 faces", "AUC", 0.92),
    ("1 faces", "AUC, no faces", 0.75),
    ("2 voxels", "upright, linear", 0.85),
    ("2 voxels", "upright", 0.9),
    ("2 voxels", "turned training, worst angle", 0.85),
    ("3 resolution", "gain over bicubic (dB), least", 0.1),
    ("3 resolution", "gain over bicubic (dB), mean", 0.6),
    ("3 resolution", "gain in SSIM, least", 0),
    ("4 GAN", "classes, real", 9.5),
    ("4 GAN", "classes, balanced", 6),
    ("5 video", "frames as channels", 0.85),
    ("5 video", "space, then time", 0.85),
    ("5 video", "opposite at speed 15", 0.85),
    ("6 captions", "right, usual pictures", 0.4),
    ("7 ViT", "CNN, training", 0.85),
    ("7 ViT", "ViT, training", 0.85),
]
BELOW = [
    ("2 voxels", "upside down", 0.4),
    ("3 resolution", "gain with noise (dB), largest", -0.3),
    ("4 GAN", "classes, hasty", 3.5),
    ("5 video", "direction at speed 4", 0.75),
    ("6 captions", "right, green triangles", 0.05),
]
APART = [  # the first is larger than the second by more than the third
    ("1 faces", "AUC", "AUC of pixels", 0.1),
    ("1 faces", "AUC", "AUC, mirrored", 0.1),
    ("1 faces", "AUC", "AUC, twice the change", 0.1),
    ("6 captions", "BLEU, usual pictures", "BLEU, blind", 0.3),
    ("6 captions", "BLEU, green triangles", "BLEU, blind", 0.2),
    ("7 ViT", "CNN, test", "ViT, test", 0.2),
    ("7 ViT", "CNN, test", "CNN, test, farther off", 0.08),
]


@pytest.mark.parametrize(("page", "name", "bound"), ABOVE)
def test_stated_lower_bound_holds_for_every_seed(
    page: str, name: str, bound: float
) -> None:
    assert recorded_range(page, name)[0] > bound


@pytest.mark.parametrize(("page", "name", "bound"), BELOW)
def test_stated_upper_bound_holds_for_every_seed(
    page: str, name: str, bound: float
) -> None:
    assert recorded_range(page, name)[1] < bound


@pytest.mark.parametrize(("page", "more", "less", "margin"), APART)
def test_stated_distance_holds_for_every_seed(
    page: str, more: str, less: str, margin: float
) -> None:
    assert all(run[page][more] > run[page][less] + margin for run in RUNS["runs"])


def test_a_frame_and_a_turned_linear_model_are_at_chance() -> None:
    low, high = recorded_range("5 video", "frame by frame")
    assert 0.15 < low <= high < 0.35
    low, high = recorded_range("2 voxels", "turned, linear")
    assert 0.38 < low <= high < 0.62


def test_losses_of_the_two_games_overlap_over_five_seeds() -> None:
    assert len(RUNS["seeds"]) == 5
    low, high = recorded_range("4 GAN", "generator's loss, hasty")
    other_low, other_high = recorded_range("4 GAN", "generator's loss, balanced")
    assert low < other_high
    assert other_low < high
