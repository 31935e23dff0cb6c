"""The quiz of lesson 06, architectures from LeNet-5 to ResNet and beyond."""

from __future__ import annotations

from course_utils.arithmetic import conv_parameters
from course_utils.quiz import Choice, Number, Quiz


def batches_until(share: float, momentum: float) -> int:
    """Batches after which a running mean has come a share of the way to the truth."""
    running, batches = 0.0, 0
    while running < share:
        running = (1 - momentum) * running + momentum * 1.0
        batches += 1
    return batches


def bottleneck_weights(wide: int, narrow: int) -> int:
    """Weights of a block's convolutions: 1 × 1 down, 3 × 3, 1 × 1 up."""
    return (
        conv_parameters(wide, narrow, 1, bias=False)
        + conv_parameters(narrow, narrow, 3, bias=False)
        + conv_parameters(narrow, wide, 1, bias=False)
    )


def crops(image_size: int, crop_size: int) -> int:
    """Different crops of one image, the mirrored ones included."""
    return 2 * len(range(image_size - crop_size + 1)) ** 2


quiz = Quiz(
    "Architectures",
    [
        Number(
            "A batch norm's running mean starts at 0, and momentum is 0.1. After how "
            "many batches has it come 99 % of the way to the true mean, noise aside? "
            "(Run it.)",
            compute=lambda: batches_until(0.99, 0.1),
            explanation="Nine tenths of the gap are left after each batch, and "
            "0.9⁴⁴ is the first below 0.01. With fewer batches, evaluation uses "
            "statistics that are not true yet.",
            wrong={
                10: "One over momentum: by then it has come 65 % of the way.",
                2: "That is with momentum the wrong way round: 0.1² = 0.01.",
                43: "Nearly: 0.9⁴³ is still a little above 0.01.",
                90: "It does not go in equal steps; each batch closes a tenth of the "
                "gap that is left.",
            },
        ),
        Number(
            "ResNet-50's first stage has blocks that squeeze 256 channels to 64 "
            "(1 × 1), convolve those (3 × 3) and widen to 256 again (1 × 1). How many "
            "weights have the three convolutions of one block together? They have no "
            "biases. (Run it.)",
            compute=lambda: bottleneck_weights(256, 64),
            explanation="16,384 + 36,864 + 16,384. Two 3 × 3 convolutions of 256 "
            "channels would have 1,179,648, seventeen times as many.",
            wrong={
                36_864: "That is the 3 × 3 alone. The two 1 × 1 convolutions are not "
                "free.",
                53_248: "You left one of the 1 × 1 convolutions out: down *and* up.",
                622_592: "Your 3 × 3 still works on 256 channels. It works on 64.",
                1_179_648: "That is two 3 × 3 convolutions of 256 channels, without a "
                "bottleneck.",
                70_016: "The convolutions have no biases; the batch norms make them "
                "superfluous.",
                70_400: "You counted the batch norms' γ and β too.",
            },
        ),
        Choice(
            "A network with batch norm gets 95 % of the validation images right in "
            "training mode, and 60 % after `model.eval()`. What is most likely?",
            options={
                "It has learnt the training images by heart": "Then both modes would "
                "do badly on validation images.",
                "Its running statistics do not describe these images": "Too few "
                "batches, a momentum that is too small, or training images of "
                "another kind: `eval()` trusts the diary, and the diary is wrong.",
                "`eval()` switches γ and β off": "It doesn't: they are used in both "
                "modes. Only the statistics are others.",
                "The learning rate was too small": "Then both modes would do badly.",
            },
            correct="Its running statistics do not describe these images",
        ),
        Number(
            "Images of 256 × 256 pixels are cropped to 224 × 224 at any position, and "
            "mirrored or not. How many different pictures can one image become? (Run "
            "it.)",
            compute=lambda: crops(256, 224),
            explanation="33 positions each way, 0 to 32 pixels from the edge, and a "
            "mirror image of each. The paper says 2048.",
            wrong={
                2048: "So says the paper: (256 − 224)² · 2. But 32 steps have 33 "
                "positions, as 10 fence fields have 11 posts.",
                1089: "And each of them mirrored.",
                1024: "32 steps have 33 positions, and each crop may be mirrored.",
                66: "Down *and* across: the positions multiply.",
            },
        ),
        Choice(
            "A plain network of 40 layers ends with a higher *training* loss than one "
            "of 20. Which explanation is ruled out by that alone?",
            options={
                "It is harder to optimise": "That is the one that is left.",
                "Overfitting": "A network that overfits has a *low* training loss and "
                "a high validation loss.",
                "Its gradients differ too much from layer to layer": "Possible: you "
                "have seen them explode towards the input.",
                "It was trained for too short a time": "Possible: only a longer run "
                "can tell.",
            },
            correct="Overfitting",
        ),
    ],
)
