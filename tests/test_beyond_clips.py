"""Moving digits: what a frame cannot tell, and what no clip can."""

import torch
from torch import Tensor

from course_utils.beyond.clips import DIRECTIONS, moving_digits
from course_utils.beyond.digits import load_digits

STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0))


def film(speed: int, noise: float = 0.0, count: int = 60) -> tuple[Tensor, Tensor]:
    digits, _ = load_digits()
    generator = torch.Generator().manual_seed(3)
    return moving_digits(digits[:count], generator, speeds=(speed,), noise=noise)


def rolled(first: Tensor, label: int, pixels: int) -> Tensor:
    down, right = STEPS[label]
    return torch.roll(first, (pixels * down, pixels * right), (0, 1))


def test_every_frame_is_the_first_one_moved_in_the_labels_direction() -> None:
    for speed in (1, 2, 5):
        clips, labels = film(speed)
        assert clips.shape == (60, 1, 8, 16, 16)
        for clip, label in zip(clips[:, 0], labels.tolist(), strict=True):
            for t, frame in enumerate(clip):
                assert torch.equal(frame, rolled(clip[0], label, speed * t))


def test_fifteen_pixels_on_is_one_pixel_back() -> None:
    clips, labels = film(15)
    for clip, label in zip(clips[:, 0], labels.tolist(), strict=True):
        for t, frame in enumerate(clip):
            assert torch.equal(frame, rolled(clip[0], label ^ 1, t))


def test_opposite_directions_are_a_bit_apart() -> None:
    assert [DIRECTIONS[k ^ 1] for k in range(4)] == ["left", "right", "up", "down"]


def test_all_directions_and_places_come_up() -> None:
    digits, _ = load_digits()
    clips, labels = moving_digits(digits, torch.Generator().manual_seed(0), noise=0)
    assert labels.bincount(minlength=4).min() > 400
    brightness = clips[:, 0].mean((0, 1))  # of each place, over clips and frames
    assert brightness.std() / brightness.mean() < 0.05


def test_noise_is_new_in_each_frame() -> None:
    clean, _ = film(1)
    noisy, _ = film(1, noise=0.1)
    noise = (noisy - clean)[:, 0]
    assert abs(noise.std() - 0.1) < 0.005
    assert abs((noise[:, 0] * noise[:, 1]).mean()) < 0.001
