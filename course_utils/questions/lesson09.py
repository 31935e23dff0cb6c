"""The quiz of lesson 09, style transfer."""

from __future__ import annotations

from course_utils.quiz import Choice, Number, Quiz

_CHANNELS = (64, 128, 256, 256)  # of SqueezeNet's style layers


def different_numbers() -> int:
    """How many different numbers the symmetric Gram matrices hold."""
    return sum(channels * (channels + 1) // 2 for channels in _CHANNELS)


def mirrored(layer: int = 6) -> int:
    """Error of the mirrored painting's Gram matrix, in per cent."""
    import torch

    from course_utils import pretrained
    from course_utils.style import open_picture
    from course_utils.style.transfer import gram_matrix, listen, relative_error

    network = pretrained.style_features("squeezenet1_1", quiet=True)
    painting = open_picture("strokes", 128)
    with torch.no_grad():
        here, there = (
            gram_matrix(listen(network, picture, {layer})[layer])
            for picture in (painting, painting.flip(-1))
        )
    return round(100 * relative_error(there, here).item())


quiz = Quiz(
    "Style transfer",
    [
        Choice(
            "A picture and a painting have exactly the same Gram matrices, in all "
            "style layers. What follows?",
            options={
                "They are the same picture": "Shuffle the places of the feature maps "
                "and the matrices stay: they can't tell where anything is.",
                "They show the same things": "What stands where is in the features "
                "themselves. The sums over all places have lost it.",
                "In each layer the same features answer together, equally strongly": (
                    "That is all that a Gram matrix holds: sums of products, over all "
                    "places."
                ),
                "They have the same size": "Normalised Gram matrices are C × C, "
                "whatever the height and width.",
            },
            correct="In each layer the same features answer together, equally strongly",
        ),
        Number(
            "SqueezeNet's style layers have 64, 128, 256 and 256 channels. A Gram "
            "matrix is symmetric. How many *different* numbers describe a style? "
            "(One line.)",
            compute=different_numbers,
            explanation="C · (C + 1) / 2 of each: 2080 + 8256 + 32896 + 32896. A "
            "picture of 128 × 128 pixels has 49152 values, so a style is not even "
            "shorter than the picture, only of another kind.",
            wrong={
                151552: "That counts the entries on both sides of the diagonal.",
                75424: "The diagonal counts too: it says how strongly each channel "
                "answers.",
                704: "These are the channels. Each of them meets each other one.",
            },
        ),
        Choice(
            "You give the optimizer `network.model.parameters()` and forget the "
            "picture. What happens to the picture?",
            options={
                "It becomes noise": "Nothing changes it at all: only what the "
                "optimizer was given is moved.",
                "It stays as it was": "Only what the optimizer was given is moved. "
                "Here it is the weights, and if these take no gradient, it moves "
                "nothing.",
                "It is painted, more slowly": "No step ever reaches the pixels. Their "
                "gradients are computed and never used.",
            },
            correct="It stays as it was",
        ),
        Number(
            'Is a mirrored painting the same style? Take `style.open_picture("strokes"'
            ", 128)` and layer 6 of SqueezeNet, and give the `relative_error` of the "
            "Gram matrix of the picture mirrored left to right (`.flip(-1)`), in per "
            "cent, to the nearest whole number. (Run it.)",
            compute=mirrored,
            explanation="The matrix forgets places, but the features are slanted lines "
            "and curves, and a stroke that rises falls in the mirror.",
            wrong={
                0: "The Gram matrix forgets *where*, but a kernel still knows left "
                "from right. Run it.",
                1: "That is layer 1, which cares for colour more than for direction. "
                "Asked for is layer 6.",
                100: "That would be as wrong as silence. It is not that far off.",
            },
            tolerance=1,
        ),
        Choice(
            "Your result has the right shapes and strokes, but single pixels in the "
            "brightest places are black. What is missing?",
            options={
                "Total variation": "It would hide the dots and not explain them.",
                "Normalising the input": "Then the whole picture would be off, not "
                "single bright pixels.",
                "Clamping before the picture becomes bytes": "1.02 · 255 is 260, and "
                "260 as a byte is 4: almost black.",
                "More steps": "The picture is fine. It is the file that is not.",
            },
            correct="Clamping before the picture becomes bytes",
        ),
    ],
)
