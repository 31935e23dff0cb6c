"""The quiz of lesson 07, transfer learning."""

from __future__ import annotations

from course_utils.quiz import Choice, Number, Quiz


def trained_in_resnet50(num_classes: int) -> int:
    """Numbers that train in a frozen ResNet-50 with a new head."""
    from torch import nn
    from torchvision.models import resnet50

    model = resnet50(weights=None).requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, num_classes)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def times_as_fast(ratio: float, epochs: int) -> float:
    """Speed-up over a whole training, the pass that computes the features included.

    Args:
        ratio: How much longer an epoch through the body takes than on kept features.
        epochs: How many of them.
    """
    return epochs * ratio / (ratio + epochs)


def rate_of_first_stage(rate: float, factor: float, stages: int) -> float:
    """Learning rate of the stage next to the picture."""
    for _ in range(stages):
        rate *= factor
    return rate


quiz = Quiz(
    "Transfer learning",
    [
        Number(
            "You freeze a ResNet-50 and give it a new head for 5 classes. How many "
            "numbers train? (Run it, with `weights=None`.)",
            compute=lambda: trained_in_resnet50(5),
            explanation="2048 features times 5 classes, and 5 biases.",
            wrong={
                2565: "512 features are ResNet-18's. Ask `model.fc.in_features`.",
                10_240: "The five biases train too.",
                0: "Was the head replaced before everything was frozen?",
                2_049_000: "That is the old head, with 1000 classes.",
            },
        ),
        Choice(
            "The body is frozen by `requires_grad = False`, and as an experiment you "
            "set the head's learning rate to 0. Still the validation accuracy changes "
            "from epoch to epoch. What is going on?",
            options={
                "The optimizer moves the frozen parameters": "Without a gradient it "
                "moves nothing, and with a rate of 0 neither.",
                "The body's batch norm is in training mode": "Its running mean and "
                "variance follow the batches, and validation uses them. `body.eval()` "
                "stops that; `requires_grad` does not.",
                "The validation images are shuffled": "The share that is right does "
                "not depend on the order.",
                "Dropout is at work while validating": "Not in evaluation mode, in "
                "which validation is done.",
            },
            correct="The body's batch norm is in training mode",
        ),
        Number(
            "An epoch through the frozen body takes 200 times as long as one on kept "
            "features, and you train for 30 epochs. How many times as fast is the "
            "whole training, if the one pass that computes the features is counted? "
            "(To a whole number.)",
            compute=lambda: times_as_fast(200, 30),
            explanation="30 · 200 against 200 + 30: one long pass is left, so it can "
            "never be more than the number of epochs.",
            wrong={
                200: "That is one epoch against one epoch. The features have to be "
                "computed once.",
                30: "Nearly: but the thirty epochs on kept features cost something.",
                6000: "That is how long it takes without keeping features.",
            },
            tolerance=0.2,
        ),
        Number(
            "The head's learning rate is 0.01, each stage is slower than the one above "
            "it by a factor of 0.3, and the body has five stages. What is the rate of "
            "the stage next to the picture, in millionths? (To one decimal.)",
            compute=lambda: 1e6 * rate_of_first_stage(0.01, 0.3, 5),
            explanation="0.01 · 0.3⁵. In as many steps it moves some four hundred "
            "times less far than the head.",
            wrong={
                81: "That is the stage above it, 0.01 · 0.3⁴: the head's own rate is "
                "not multiplied, and then there are five stages.",
                3000: "That is the last stage, next to the head.",
            },
            tolerance=0.1,
        ),
        Choice(
            "From 40 X-ray pictures of 10 patients, divided at random, a frozen "
            "network with a new head gets 95 % of the validation pictures right. What "
            "do you do first?",
            options={
                "Fine-tune the whole network": "You would improve on a number that "
                "may mean nothing.",
                "Divide again, by patient": "Pictures of one patient are alike, and "
                "the head may have learnt the patients. Only a patient it has never "
                "seen tells.",
                "Test with five seeds": "All five would leak in the same way.",
                "Normalise by these pictures' own mean": "The body wants the numbers "
                "that came with its weights.",
            },
            correct="Divide again, by patient",
        ),
    ],
)
