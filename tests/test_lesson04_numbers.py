"""The numbers that lesson 04 states in its prose, its hints and its quiz."""

from math import exp, log, sqrt

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.datasets import normalisation, normalise
from course_utils.drawn.dataset import draw_dataset
from course_utils.networks import LabCNN, LectureCNN
from course_utils.questions import lesson04 as questions
from course_utils.recorded import recorded
from tests.notebooks import read
from tools import record_lesson04 as recorder

SLIDE_LINES = (
    "x = self.pool1(self.act1(self.conv2(self.pool1(self.act1(self.conv1(x)))))))",
    "x = self.fc3(self.act1(self.fc2(self.act1(self.fc1(x))))))",
)


@pytest.fixture(scope="module")
def drawn() -> tuple[Tensor, Tensor]:
    """Forty normalised pictures of the drawn world and their labels."""
    images, labels = draw_dataset(40)
    return normalise(images, *normalisation(images)), labels


# the slides


@pytest.mark.parametrize("line", SLIDE_LINES)
def test_slide_lines_are_refused_and_right_without_their_last_parenthesis(
    line: str,
) -> None:
    with pytest.raises(SyntaxError, match=r"unmatched '\)'"):
        compile(line, "slide", "exec")
    compile(line[:-1], "slide", "exec")


def test_slide_lines_have_six_and_seven_and_five_and_six() -> None:
    counts = [(line.count("("), line.count(")")) for line in SLIDE_LINES]
    assert counts == [(6, 7), (5, 6)]


def test_lecture_c_needs_1152_inputs_and_never_256() -> None:
    sizes = {size: LabCNN(size).layers[-1].in_features for size in range(10, 71)}
    assert (sizes[32], sizes[28]) == (1152, 800)
    assert 256 not in sizes.values()
    assert 256 == 32 * 8
    assert sqrt(8) != round(sqrt(8))


def test_lecture_c_sides_are_30_15_13_6() -> None:
    output, sides = torch.zeros(1, 3, 32, 32), []
    for layer in LabCNN().layers[:5]:
        output = layer(output)
        sides.append(output.shape[-1])
    assert sides == [30, 15, 15, 13, 6]


# the network


def test_fc1_holds_four_fifths_and_the_convolutions_one_per_cent() -> None:
    model = LectureCNN()
    sizes = {
        name: sum(p.numel() for p in layer.parameters())
        for name, layer in model.named_children()
    }
    total = sum(sizes.values())
    assert total == 57_712
    assert sizes["fc1"] / total == pytest.approx(0.8, abs=0.005)
    assert (sizes["conv1"] + sizes["conv2"]) / total == pytest.approx(0.009, abs=0.0005)
    assert len(list(model.parameters())) == 10


def test_hints_name_the_inputs_of_wrong_networks() -> None:
    assert (6 * 32 * 32, 6 * 16 * 16, 6 * 6 * 6) == (6144, 1536, 216)


# the loss


def test_softmax_example_gives_probability_026_and_loss_135() -> None:
    exponentials = [exp(2), exp(1), exp(-1)]
    probability = exponentials[1] / sum(exponentials)
    assert probability == pytest.approx(0.26, abs=0.005)
    assert -log(probability) == pytest.approx(1.3490, abs=0.00005)


@pytest.mark.parametrize("seed", range(5))
def test_untrained_network_is_undecided(
    seed: int, drawn: tuple[Tensor, Tensor]
) -> None:
    images, labels = drawn
    torch.manual_seed(seed)
    loss = F.cross_entropy(LectureCNN()(images), labels).item()
    assert round(log(10), 2) == 2.30
    assert loss == pytest.approx(2.30, abs=0.03)


def test_two_softmaxes_cost_146_at_best() -> None:
    perfect = torch.full((1, 10), -30.0)
    perfect[0, 3] = 30.0
    target = torch.tensor([3])
    assert F.cross_entropy(perfect, target).item() == pytest.approx(0, abs=5e-5)
    twice = F.cross_entropy(perfect.softmax(1), target).item()
    assert twice == pytest.approx(1.4612, abs=0.00005)
    assert twice == pytest.approx(log(1 + 9 / exp(1)))


# training


@pytest.mark.parametrize(
    ("learning_rate", "learns"), [(1e-2, True), (1e-3, False)], ids=["0.01", "0.001"]
)
def test_one_batch_is_learnt_by_heart_in_200_steps_at_the_larger_rate(
    learning_rate: float, learns: bool, drawn: tuple[Tensor, Tensor]
) -> None:
    images, labels = drawn[0][:32], drawn[1][:32]
    torch.manual_seed(0)
    model = LectureCNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    for _ in range(200):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (loss.item() < 0.1) is learns
    assert (loss.item() > 2.0) is not learns


# judging


def test_2000_images_leave_two_points_of_doubt_and_200_seven() -> None:
    def doubt(share: float, total: int) -> float:
        return 196 * sqrt(share * (1 - share) / total)

    assert doubt(0.6, 2000) == pytest.approx(2, abs=0.2)
    assert doubt(0.55, 200) == pytest.approx(7, abs=0.2)


def test_recorded_seeds_are_of_the_lesson_and_of_the_pictures_as_they_are() -> None:
    runs = recorded("lesson04_seeds")
    again = "run `python -m tools.record_lesson04` again"
    for name in ("epochs", "train_size"):
        assert runs[name] == recorder.lesson_parameter(name), again
    from course_utils.datasets import load_cifar10

    test_images = load_cifar10("drawn").test_images
    assert runs["test_pictures"] == recorder.fingerprint(test_images), again


def test_recorded_seeds_are_three_or_more_and_in_the_lesson_band() -> None:
    runs = recorded("lesson04_seeds")
    shares = runs["test_accuracies"]
    assert len(shares) == len(runs["seeds"]) >= 3
    assert all(0.5 < share < 0.8 for share in shares)


def test_recorder_uses_the_recipe_of_the_lesson() -> None:
    source = recorder.LESSON.read_text("utf-8")
    assert "lr=1e-2, momentum=0.9" in source
    assert "batch_size=32, shuffle=True" in source
    recipe = (recorder.LEARNING_RATE, recorder.MOMENTUM, recorder.BATCH_SIZE)
    assert recipe == (1e-2, 0.9, 32)


@pytest.mark.parametrize("worked", [True, False], ids=["worked", "student"])
def test_every_verdict_in_the_stored_lesson_holds(worked: bool) -> None:
    printed = [
        line
        for cell in read("04", worked).cells
        if cell.cell_type == "code"
        for output in cell.outputs
        for line in output.get("text", "").splitlines()
        if line.endswith((": True", ": False"))
    ]
    assert len(printed) >= 8
    assert all(line.endswith(": True") for line in printed), printed


# the quiz


def test_quiz_question_on_100_classes() -> None:
    assert questions.parameters_for(100) == 57_712 - 850 + 8500 == 65_362
    assert questions.parameters_for(10) == 57_712
    assert 57_712 - 850 + 84 * 100 + 10 == 65_272


def test_quiz_question_on_two_softmaxes() -> None:
    least = questions.least_loss_of_two_softmaxes(100)
    assert least == pytest.approx(log(1 + 99 / exp(1)))
    assert least == pytest.approx(3.62, abs=0.005)
    assert questions.least_loss_of_two_softmaxes(10) == pytest.approx(1.46, abs=0.005)
    assert log(100) == pytest.approx(4.61, abs=0.01)


def test_quiz_question_on_the_number_of_test_images() -> None:
    assert questions.images_for(0.01, 0.6) == 9220
    assert round(0.24 / 0.01**2) == 2400
    assert round(1.96 * 0.24 / 0.01**2, -2) == 4700
    assert questions.images_for(0.1, 0.6) == 93


def test_quiz_question_on_cats_and_dogs() -> None:
    cats, dogs = (90, 80, 30), (10, 180, 10)
    assert sum(cats) == sum(dogs) == 200
    assert cats[1] + dogs[1] == 260
    assert (cats[0] / 200, cats[1] / 200, dogs[1] / 200) == (0.45, 0.4, 0.9)


def test_quiz_answers() -> None:
    answers = [question.correct for question in questions.quiz.questions]
    assert answers[0] == 65_362
    assert answers[3] == 9220
    assert answers[2].startswith("The network learns")
    assert answers[4] == "The network says “dog” too readily"
