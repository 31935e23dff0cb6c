"""The quiz of lesson 05, GPU training."""

from __future__ import annotations

from itertools import count
from typing import Final

import torch
from torch.utils.data import DistributedSampler

from course_utils.networks import LectureCNN
from course_utils.quiz import Choice, Number, Quiz

CPU: Final = (1e-6, 50e9)  # seconds for a call, operations in a second
GPU: Final = (10e-6, 10e12)
IMAGES: Final = 10_001


def crossing(operations_a_value: int = 2) -> int:
    """Smallest n from which a product of two (n, n) matrices is faster on the GPU."""

    def seconds(device: tuple[float, float], n: int) -> float:
        overhead, rate = device
        return overhead + operations_a_value * n**3 / rate

    return next(n for n in count(1) if seconds(GPU, n) < seconds(CPU, n))


def training_bytes(copies: int = 3) -> int:
    """Bytes of the lecture's network with a gradient and a momentum a parameter."""
    with torch.device("meta"):
        parameters = list(LectureCNN().parameters())
    return copies * sum(parameter.nbytes for parameter in parameters)


def drawn_twice(processes: int = 4) -> int:
    """Images that an epoch of `DistributedSampler` hands out a second time."""
    images = range(IMAGES)
    shares = [
        len(DistributedSampler(images, num_replicas=processes, rank=rank))  # type: ignore[arg-type]
        for rank in range(processes)
    ]
    return sum(shares) - IMAGES


quiz = Quiz(
    "Training on GPUs",
    [
        Choice(
            "The model is on the GPU. Which lines leave the batch behind?",
            options={
                "`images, labels = images.to(device), labels.to(device)`": "Both "
                "copies are assigned: these lines are right.",
                "`images.to(device); labels.to(device)`": "A tensor does not move. "
                "`.to` returns a copy over there, and here both copies are dropped.",
                "`images = images.to(model.conv1.weight.device)`, and the same for "
                "`labels`": "It asks the model where it is, and that is right.",
                "`model.to(device)`, without assigning": "A module's parameters are "
                "moved where they are, inside the module. Only tensors need `=`.",
            },
            correct="`images.to(device); labels.to(device)`",
        ),
        Number(
            "Take *seconds = overhead + operations / rate* with 1 µs and 50 GFLOP/s "
            "for a CPU, 10 µs and 10 TFLOP/s for a GPU. From which n on is a product "
            "of two n × n matrices faster on the GPU? (Let a loop find it.)",
            compute=crossing,
            explanation="The GPU's call costs 9 µs more, and in 9 µs the CPU does "
            "some 450,000 operations; 2·n³ passes that at n = 61.",
            wrong={
                77: "That is with n³ operations. Each of the n³ products is also "
                "added: 2·n³.",
                60: "At 60 the CPU is still a little faster.",
                64: "The next power of two, but the crossing lies before it.",
            },
        ),
        Number(
            "How many bytes do the parameters of `LectureCNN()` take in training by "
            "SGD with momentum, in float32: weights, gradients and momentum, without "
            "the feature maps? (Count them with code.)",
            compute=training_bytes,
            explanation="57,712 parameters, four bytes each, three times. Of a small "
            "network that is little; what fills the memory is the feature maps of a "
            "batch.",
            wrong={
                230_848: "These are the weights alone. A gradient and a momentum "
                "belong to each.",
                461_696: "Weights and gradients. Momentum is a third number for each "
                "parameter.",
                923_392: "That is Adam's, with two numbers for each parameter beside "
                "weight and gradient.",
                173_136: "That many numbers; each has four bytes.",
            },
        ),
        Choice(
            "You go from batches of 4 to batches of 128 and change nothing else. An "
            "epoch is over much sooner, and the accuracy after six epochs is far "
            "lower. Why?",
            options={
                "Averaged gradients are worse": "They are better, less noisy. But "
                "there are fewer of them.",
                "There are 32 times fewer steps of the same size": "Each epoch moves "
                "the weights far less. A batch of 128 gives a calmer direction, which "
                "bears a larger learning rate.",
                "Large batches overfit": "With so few steps the network has not even "
                "learnt the training images.",
                "The GPU rounds differently": "Rounding differs in the last digits; "
                "it does not cost accuracy.",
            },
            correct="There are 32 times fewer steps of the same size",
        ),
        Number(
            "10,001 images, four processes, and `DistributedSampler` with its "
            "defaults. How many images does an epoch hand out twice? (Ask "
            "`len(DistributedSampler(range(10_001), num_replicas=4, rank=0))`.)",
            compute=drawn_twice,
            explanation="Every process gets 2,501, together 10,004: the sampler fills "
            "up so that all take equally many steps. In training that is harmless; an "
            "evaluation would count three images twice.",
            wrong={
                0: "10,001 is not divisible by 4, and every process must get equally "
                "many.",
                1: "One is left over when 10,001 is divided by 4, so that three are "
                "missing to fill up.",
                2501: "So many images go to each process.",
                10_004: "So many are handed out in all.",
            },
        ),
    ],
)
