"""The quiz of lesson 04, a network for CIFAR-10."""

from __future__ import annotations

from math import ceil

import torch
import torch.nn.functional as F

from course_utils.networks import LectureCNN
from course_utils.quiz import Choice, Number, Quiz


def parameters_for(num_classes: int) -> int:
    """Parameters of the lecture's network with another number of classes."""
    return sum(p.numel() for p in LectureCNN(num_classes).parameters())


def least_loss_of_two_softmaxes(num_classes: int) -> float:
    """Loss of a network that is perfectly sure and right, with a softmax too many."""
    probabilities = torch.eye(num_classes)[:1]
    return F.cross_entropy(probabilities, torch.tensor([0])).item()


def images_for(half_width: float, share: float) -> int:
    """Test images needed for an interval of ± ``half_width`` at an accuracy."""
    return ceil(1.96**2 * share * (1 - share) / half_width**2 - 1e-9)


quiz = Quiz(
    "A CNN for CIFAR-10",
    [
        Number(
            "CIFAR-100 has 100 classes, with images of the same size. How many "
            "parameters has the lecture's network then? (Run it.)",
            compute=lambda: parameters_for(100),
            explanation="Only `fc3` grows, from 850 to 84 · 100 + 100 = 8500 "
            "parameters.",
            wrong={
                57_712: "That is for ten classes.",
                577_120: "Not everything grows tenfold: only `fc3` knows how many "
                "classes there are.",
                65_272: "You added the new weights of `fc3` and forgot its new biases.",
            },
        ),
        Number(
            "By mistake a network for 100 classes ends in a softmax, and its output "
            "goes into `F.cross_entropy`. Which loss can it not get below? (Run it; "
            "to two decimals.)",
            compute=lambda: least_loss_of_two_softmaxes(100),
            explanation="At best one probability is 1 and the others are 0. The "
            "second softmax makes e / (e + 99) of that 1.",
            wrong={
                0: "That would be so with logits. Probabilities cannot become large "
                "enough for the second softmax.",
                1.46: "That is for ten classes.",
                4.61: "That is ln 100, the loss of a network that is undecided.",
            },
            tolerance=0.01,
        ),
        Choice(
            "The training loss keeps falling; the validation loss has been rising for "
            "five epochs. What is going on?",
            options={
                "The learning rate is too small": "Then both would fall, slowly.",
                "`zero_grad` was forgotten": "Then training itself would suffer: its "
                "loss jumps about or grows.",
                "The network learns the training images by heart": "Overfitting: what "
                "it learns now holds for these pictures only. Take the weights of the "
                "epoch with the best validation, or find more data.",
                "The validation images were normalised with the training statistics": (
                    "That is as it should be."
                ),
            },
            correct="The network learns the training images by heart",
        ),
        Number(
            "Your network gets about 60 % right. How many test images do you need to "
            "know that to ± 1 percentage point, in 95 of 100 cases? (To the nearest "
            "hundred.)",
            compute=lambda: images_for(0.01, 0.6),
            explanation="n = 1.96² · 0.6 · 0.4 / 0.01². CIFAR-10's 10,000 test images "
            "are just enough.",
            wrong={
                2400: "The factor 1.96 is missing, and it is squared.",
                92: "That is for ± 10 points. A tenth of the width takes a hundred "
                "times the images.",
                4700: "1.96 has to be squared.",
            },
            tolerance=60,
        ),
        Choice(
            "In a confusion matrix (rows true, columns predicted) the row “cat” is "
            "cat 90, dog 80, others 30, and the row “dog” is cat 10, dog 180, others "
            "10. Which is true?",
            options={
                "The network says “dog” too readily": "Of 400 cats and dogs it calls "
                "260 a dog, two cats in five among them. That it finds 90 % of the "
                "dogs and 45 % of the cats is one fact, not two.",
                "Cats and dogs are confused equally often": "80 cats are called dogs, "
                "10 dogs are called cats.",
                "When it says “dog”, it is right in 90 % of cases": "That would be the "
                "row: of the dogs 90 % are found. Of its answers “dog”, the column, "
                "180 of at least 260 are right.",
                "The training set must have held more dogs": "Possible, but the matrix "
                "does not say so.",
            },
            correct="The network says “dog” too readily",
        ),
    ],
)
