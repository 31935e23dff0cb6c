"""The wrap-up quiz of lesson 01."""

from __future__ import annotations

from course_utils.quiz import Choice, Number, Quiz


def _bytes_below_zero() -> int:
    import torch

    return int((torch.tensor([60], dtype=torch.uint8) - 100).item())


def _std_of_red() -> float:
    import torch

    from course_utils.photos import photo

    names = ("chelsea", "coffee", "flower")
    batch = torch.stack([photo(name, size=(160, 240)) for name in names])
    return float(batch[:, 0].std())


def _parameters() -> int:
    from course_utils.arithmetic import linear_parameters

    return linear_parameters(64 * 64 * 3, 500)


quiz = Quiz(
    "Images as tensors",
    [
        Choice(
            "What is the shape of a batch of 16 colour photographs, each 224 pixels "
            "high and 320 pixels wide, as a PyTorch layer takes it?",
            options={
                "(16, 224, 320, 3)": "That is channels last, the order of picture "
                "files. In PyTorch the channels come right after N.",
                "(16, 3, 320, 224)": "Width and height are swapped: the height comes "
                "first, as rows do in a matrix.",
                "(16, 3, 224, 320)": "N, C, H, W: pictures, channels, height, width.",
                "(3, 16, 224, 320)": "Here there would be three pictures of 16 "
                "channels. N comes first.",
            },
            correct="(16, 3, 224, 320)",
        ),
        Number(
            "Code: what is `torch.tensor([60], dtype=torch.uint8) - 100`?",
            compute=_bytes_below_zero,
            explanation="A byte runs from 0 to 255 and then starts again, in both "
            "directions: 60 − 100 + 256 = 216. A difference of two pictures in bytes "
            "is wrong wherever it should be negative.",
            wrong={
                -40: "A byte has no sign, so it can't hold −40.",
                0: "OpenCV stops at 0. PyTorch and NumPy count on from 255.",
                215: "There are 256 values, from 0 to 255: add 256, not 255.",
            },
        ),
        Number(
            "Code: stack `photo(name, size=(160, 240))` for chelsea, coffee and flower "
            "into a batch. What is the standard deviation of the red channel over the "
            "whole batch, to three decimals?",
            compute=_std_of_red,
            explanation="`batch.std(dim=(0, 2, 3))[0]`: over pictures, rows and "
            "columns. The three pictures' own standard deviations have a smaller mean, "
            "since they leave out how much the pictures differ from each other.",
            wrong={
                0.239: "That is the mean of the three pictures' own standard "
                "deviations. Take one over all pixels of all three.",
                0.251: "That is over all three channels. Leave the channels apart.",
                0.172: "That is the blue channel. Red is channel 0.",
                0.124: "That is Chelsea alone. Take all three pictures.",
                0.098: "That is the variance. The standard deviation is its root.",
            },
            tolerance=0.001,
        ),
        Number(
            "How many parameters does a fully connected layer have that takes colour "
            "pictures of 64 × 64 pixels to 500 neurons, biases included?",
            compute=_parameters,
            explanation="(64 · 64 · 3 + 1) · 500 = 12 289 · 500.",
            wrong={
                6_144_000: "Those are the weights alone; the 500 biases are missing.",
                2_048_500: "That is the count for grey pictures: multiply the pixels "
                "by three channels.",
                2_048_000: "Channels and biases are both missing.",
            },
        ),
        Choice(
            "You shuffle the pixels of every picture of a data set, always in the same "
            "way, and train a fully connected network from scratch. Compared with "
            "training on the unshuffled pictures, it will be",
            options={
                "worse, since edges and shapes are destroyed": "They are destroyed for "
                "you. The layer has no notion of neighbours, so it loses nothing.",
                "equally good, apart from luck": "It never knew which pixels were "
                "neighbours. To each network for the one kind of picture belongs a "
                "twin for the other, with its weights shuffled.",
                "unable to learn anything": "Every pixel still carries the same "
                "information, just at another number in the list.",
            },
            correct="equally good, apart from luck",
        ),
    ],
)
