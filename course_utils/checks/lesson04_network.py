"""Exercises 4.3 and 4.5: the parentheses of `forward`, and counting parameters."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake
from course_utils.networks import LectureCNN

Count = Callable[[nn.Module], int]

check_parentheses = Exercise(
    title="4.3 · Find the mistake in `forward`",
    reference=((6, 7), (5, 6)),
    mistakes=(
        Mistake(
            "closing_first",
            ((7, 6), (6, 5)),
            "These are the right counts in the wrong order: opening ones first.",
        ),
        Mistake(
            "counted_as_mended",
            ((6, 6), (5, 5)),
            "So it should be. As it stands, each line has another closing one.",
        ),
        Mistake(
            "modules_only",
            ((5, 6), (4, 5)),
            "One opening parenthesis in each line is missing: does the innermost one, "
            "the one before `x`, count as well? It does.",
        ),
        Mistake(
            "how_many_too_many",
            (1, 1),
            "One too many in each, that is the finding. Wanted are the counts behind "
            "it: `((opening, closing), (opening, closing))`.",
        ),
        Mistake(
            "first_line_only",
            (6, 7),
            "Right for the first line. The second one wants counting too: "
            "`((opening, closing), (opening, closing))`.",
        ),
        Mistake(
            "lines_added_up",
            (11, 13),
            "You added both lines up. Give each its own pair.",
        ),
    ),
    praise="Six opened and seven closed, five and six: each line has one `)` too many.",
)


class _Shared(nn.Module):
    """Batch norm (which has buffers), a frozen layer, and a nested block."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.frozen = nn.Linear(5, 2).requires_grad_(requires_grad=False)


def _count(model: nn.Module) -> int:
    return sum(p.data.flatten().shape[0] for _, p in model.named_parameters())


def _count_by(size: Callable[[Tensor], int]) -> Count:
    return lambda model: sum(size(p) for p in model.parameters())


check_count_parameters = Exercise(
    title="4.5 · Count the parameters",
    reference=_count,
    cases=(
        Case("`nn.Linear(4, 3)`", (nn.Linear(4, 3),)),
        Case("lecture I's network", (LectureCNN(),)),
        Case("a network with batch norm, a block and a frozen layer", (_Shared(),)),
        Case("a pooling, which has none", (nn.MaxPool2d(2),)),
    ),
    mistakes=(
        Mistake(
            "tensors_counted",
            lambda model: len(list(model.parameters())),
            "You counted the tensors. A tensor of weights holds many: "
            "`parameter.numel()`.",
        ),
        Mistake(
            "biases_forgotten",
            lambda model: sum(
                p.numel() for name, p in model.named_parameters() if "bias" not in name
            ),
            "The biases are missing: `nn.Linear(4, 3)` has 12 weights and 3 biases. "
            "`parameters()` gives both.",
        ),
        Mistake(
            "buffers_counted",
            lambda model: sum(t.numel() for t in model.state_dict().values()),
            "You counted batch norm's running mean, variance and batch counter too. "
            "These are buffers, which are stored and not learnt; `state_dict()` holds "
            "them, `parameters()` does not.",
        ),
        Mistake(
            "trainable_only",
            lambda model: sum(p.numel() for p in model.parameters() if p.requires_grad),
            "You left out the frozen layer. Its weights do not learn now, but they are "
            "there: all parameters are wanted.",
        ),
        Mistake(
            "first_axis",
            _count_by(len),
            "`len` of a tensor is its first axis only. `parameter.numel()` counts all "
            "values.",
        ),
        Mistake(
            "axes_added",
            _count_by(lambda p: sum(p.shape)),
            "You added the lengths of the axes. A (120, 384) matrix has 120 · 384 "
            "values, not 120 + 384.",
        ),
        Mistake(
            "top_level_only",
            lambda model: sum(
                p.numel()
                for module in (model, *model.children())
                for p in module.parameters(recurse=False)
            ),
            "What lies deeper is missing: the layers inside an `nn.Sequential`, say. "
            "`model.parameters()` walks through all levels by itself.",
        ),
    ),
    praise="`parameters()` walks through the network, `numel()` counts.",
)
