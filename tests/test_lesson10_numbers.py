"""The numbers that lesson 10 states in its prose, its hints and its quiz."""

from math import log10

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.arithmetic import conv_output_size
from course_utils.beyond.clips import moving_digits
from course_utils.beyond.described import VOCABULARY
from course_utils.beyond.digits import load_digits
from course_utils.checks.lesson10_captions import clipped_precision
from course_utils.checks.lesson10_voxels import conv3d_bill
from course_utils.photos import PHOTOS
from course_utils.questions import lesson10 as questions
from tests.notebooks import read
from tools import record_lesson10 as recorder


def parameters(*layers: nn.Module) -> int:
    return sum(p.numel() for layer in layers for p in layer.parameters())


# page 2


def test_first_layer_has_1744_parameters_and_turns_12_into_6() -> None:
    conv = nn.Conv3d(4, 16, kernel_size=3, stride=2, padding=1)
    assert parameters(conv) == (3**3 * 4 + 1) * 16 == 1744
    assert conv_output_size(12, 3, stride=2, padding=1) == 6


def test_bill_of_the_reference_counts_work_as_a_loop_would() -> None:
    size, total, work = conv3d_bill((5, 6, 7), 2, 3, 3, 2, 1)
    assert size == (3, 3, 4)
    assert total == (27 * 2 + 1) * 3
    assert work == sum(27 * 2 for _ in range(3 * 3 * 3 * 4))


# page 3


def test_laid_out_square_holds_10_11_12_13() -> None:
    small = torch.tensor([[10.0, 20], [30, 40]])
    channels = torch.stack([small + k for k in range(4)])[None]
    large = nn.PixelShuffle(2)(channels)[0, 0]
    assert large[:2, :2].flatten().tolist() == [10, 11, 12, 13]


def test_photographs_to_learn_from_and_to_judge_by_are_others() -> None:
    source = recorder_source()
    learn_from = names_after("learn_from = (", source)
    judge_by = names_after("judge_by = (", source)
    assert len(learn_from) == 7
    assert len(judge_by) == 4
    assert not learn_from & judge_by
    assert learn_from | judge_by <= PHOTOS.keys()


def recorder_source() -> str:
    return "\n".join(source for _, source in recorder.code_cells())


def names_after(start: str, source: str) -> set[str]:
    inside = source.split(start, 1)[1].split(")", 1)[0]
    return {word.strip(" \n\"'") for word in inside.split(",") if word.strip()}


def test_three_decibels_are_about_half_the_error_and_255_squared_24_db() -> None:
    assert 10 * log10(2) == pytest.approx(3, abs=0.02)
    assert 10 * log10(255) == pytest.approx(24, abs=0.1)


# page 5


def test_split_block_has_7744_parameters_and_the_whole_one_13856() -> None:
    split = nn.Conv3d(16, 32, (1, 3, 3)), nn.Conv3d(32, 32, (3, 1, 1))
    assert parameters(*split) == 7744
    assert parameters(nn.Conv3d(16, 32, 3)) == 13_856


def test_mean_over_frames_says_the_same_of_a_clip_played_backwards() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 4)
    )
    digits, _ = load_digits()
    clips, _ = moving_digits(digits[:20], torch.Generator().manual_seed(0))

    def answer(clips: Tensor) -> Tensor:
        logits = network(clips.transpose(1, 2).flatten(0, 1))
        return logits.view(len(clips), -1, 4).mean(1)

    torch.testing.assert_close(answer(clips), answer(clips.flip(2)))


# page 6


def test_vocabulary_has_twenty_words() -> None:
    assert len(VOCABULARY) == len(set(VOCABULARY)) == 20


def test_bleu_is_the_geometric_mean_of_clipped_precisions() -> None:
    from torchmetrics.text import BLEUScore

    said = "two red rings above a red ring"
    truth = ["two red rings above a blue square", "a blue square below two red disks"]
    shares = [clipped_precision(said, truth, n) for n in (1, 2, 3, 4)]
    expected = torch.tensor(shares).log().mean().exp()
    torch.testing.assert_close(BLEUScore()([said], [truth]), expected)


# page 7


def test_patch_embedding_is_a_strided_convolution() -> None:
    torch.manual_seed(0)
    images, conv = torch.rand(2, 3, 12, 12), nn.Conv2d(3, 32, 4, stride=4)
    patches = F.unfold(images, 4, stride=4).transpose(1, 2)
    by_matrix = patches @ conv.weight.flatten(1).T + conv.bias
    by_convolution = conv(images).flatten(2).transpose(1, 2)
    assert patches.shape == (2, 9, 48)
    assert (by_matrix - by_convolution).abs().max() < 1e-5


# the notebooks and the quiz


@pytest.mark.parametrize("worked", [True, False], ids=["worked", "student"])
def test_networks_with_time_turn_round_in_the_stored_lesson(worked: bool) -> None:
    printed = [
        line
        for cell in read("10", worked).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        for line in output.get("text", "").splitlines()
        if "repeats itself: " in line
    ]
    assert len(printed) == 3
    assert printed[0].endswith("repeats itself: True, turns: False")
    for line in printed[1:]:
        assert line.endswith("repeats itself: False, turns: True")


def test_quiz_question_on_the_split_layer() -> None:
    assert questions.split_parameters() == 1792 + 12_352 == 14_144
    assert questions.parameters(nn.Conv3d(3, 64, 3)) == 5248
    assert questions.split_parameters() - 128 == 14_016
    assert 1792 + (3 * 3 + 1) * 64 == 2432


def test_quiz_question_on_psnr() -> None:
    assert questions.psnr_of(5) == pytest.approx(20 * log10(51))
    assert round(10 * log10(51), 1) == 17.1
    assert round(10 * log10(255**2 / 5), 1) == 41.1
    assert round(questions.psnr_of(5, peak=1), 1) == -14.0


def test_quiz_question_on_vit_patches() -> None:
    assert questions.patch_parameters() == 590_592
    assert questions.patch_parameters() - 768 == 589_824
    assert questions.patch_parameters(channels=1) == 197_376


def test_quiz_answers() -> None:
    answers = [question.correct for question in questions.quiz.questions]
    assert answers[0].startswith("Fewer false accepts")
    assert answers[1:3] == [14_144, 34.2]
    assert answers[3].startswith("The discriminator is undecided")
    assert answers[4] == 590_592
