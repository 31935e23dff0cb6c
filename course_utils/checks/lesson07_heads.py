"""Exercises 7.1 and 7.2: a new head, and a body that stands still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Rebuild = Callable[[nn.Module, int], nn.Module]
OLD_CLASSES = 7


class _TinyResNet(nn.Module):
    """A network with a ResNet's names: a body with batch norm, and `fc` at the end."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width, OLD_CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits."""
        x = self.bn1(self.conv1(x)).relu()
        logits: Tensor = self.fc(x.mean(dim=(2, 3)))
        return logits


def _network(width: int) -> _TinyResNet:
    generator = torch.Generator().manual_seed(width)
    model = _TinyResNet(width)
    for parameter in model.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    return model.eval()


def _images(width: int) -> Tensor:
    generator = torch.Generator().manual_seed(width + 1)
    return torch.randn(6, 3, 5, 5, generator=generator)


def _same(before: dict[str, Tensor], after: dict[str, Tensor], names: str) -> bool:
    """Whether the entries whose name begins so are the same."""
    return all(
        torch.equal(value, after.get(key, torch.empty(0)))
        for key, value in before.items()
        if key.startswith(names)
    )


def _new_head(answer: Rebuild, width: int, num_classes: int) -> dict[str, Any] | None:
    """Say of a network with a new head what matters."""
    torch.manual_seed(0)
    network = _network(width)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    model = answer(network, num_classes)
    if model is None:
        return None
    after = model.state_dict()
    with torch.no_grad():
        logits = model(_images(width))
    old_rows = before["fc.weight"][:num_classes]
    return {
        "shape of the logits": tuple(logits.shape),
        "the body is as it was": _same(before, after, ("conv1")),
        "numbers in all": sum(parameter.numel() for parameter in model.parameters()),
        "there are negative logits": bool((logits < 0).any()),
        "the head's weights are the old ones": torch.equal(
            after.get("fc.weight", torch.empty(0)), old_rows
        ),
    }


def _head(model: nn.Module) -> nn.Linear:
    """The last layer of a network that has one."""
    head = model.get_submodule("fc")
    assert isinstance(head, nn.Linear)
    return head


def _with_head(model: nn.Module, head: nn.Module) -> nn.Module:
    model.add_module("fc", head)
    return model


def _replaced(model: nn.Module, num_classes: int) -> nn.Module:
    return _with_head(model, nn.Linear(_head(model).in_features, num_classes))


def _attribute_only(model: nn.Module, num_classes: int) -> nn.Module:
    _head(model).out_features = num_classes
    return model


def _other_name(model: nn.Module, num_classes: int) -> nn.Module:
    model.add_module("head", nn.Linear(_head(model).in_features, num_classes))
    return model


def _cut(model: nn.Module, num_classes: int) -> nn.Module:
    old, new = _head(model), nn.Linear(_head(model).in_features, num_classes)
    new.weight.data = old.weight.data[:num_classes].clone()
    new.bias.data = old.bias.data[:num_classes].clone()
    return _with_head(model, new)


def _whole_network_new(model: nn.Module, num_classes: int) -> nn.Module:
    return _replaced(_TinyResNet(_head(model).in_features).eval(), num_classes)


def _with_softmax(model: nn.Module, num_classes: int) -> nn.Module:
    head = nn.Linear(_head(model).in_features, num_classes)
    return _with_head(model, nn.Sequential(head, nn.Softmax(dim=1)))


check_replace_head = Exercise(
    title="7.1 · Replace the head",
    reference=_replaced,
    use=_new_head,
    cases=(
        Case("a body with 8 features, 3 classes", (8, 3)),
        Case("a body with 12 features, 5 classes", (12, 5)),
    ),
    mistakes=(
        Mistake(
            "attribute_only",
            _attribute_only,
            "You changed `out_features` of the old layer. That is only what the layer "
            "says of itself: its weights still make 7 logits. Put a new `nn.Linear` "
            "in its place.",
        ),
        Mistake(
            "in_features_from_the_slide",
            lambda model, n: _with_head(model, nn.Linear(512, n)),
            "Your head takes 512 features, as ResNet-18's does. Another body gives "
            "another number: ask the old head, `model.fc.in_features`.",
        ),
        Mistake(
            "on_top",
            lambda model, n: nn.Sequential(model, nn.Linear(OLD_CLASSES, n)),
            "You put a layer on top of the old head, which is still there. The old "
            "logits are then all that the new layer sees: *replace* `model.fc`.",
        ),
        Mistake(
            "other_name",
            _other_name,
            "The new layer has a name that `forward` does not know, so it is never "
            "used. `forward` calls `self.fc`: assign to `model.fc`.",
        ),
        Mistake(
            "swapped",
            lambda model, n: _with_head(model, nn.Linear(n, _head(model).in_features)),
            "The two numbers are swapped: `nn.Linear(in_features, out_features)`, "
            "first what comes in.",
        ),
        Mistake(
            "softmax",
            _with_softmax,
            "There is a softmax behind your head. `F.cross_entropy` has its own: the "
            "head gives logits.",
        ),
        Mistake(
            "old_rows_kept",
            _cut,
            "You kept the first rows of the old head. They stand for the first classes "
            "of ImageNet (tench, goldfish, …), not for yours: begin with a new layer.",
        ),
        Mistake(
            "body_lost",
            _whole_network_new,
            "The head is right, but the body has new, random weights. Keep the model "
            "that was handed in and change its `fc` only.",
        ),
    ),
    praise="As many features in as the body gives, as many logits out as there are "
    "classes; everything else stays.",
)


def _freeze(model: nn.Module, choose: Callable[[str], bool]) -> nn.Module:
    """Freeze the parameters whose names are chosen."""
    for name, parameter in model.named_parameters():
        if choose(name):
            parameter.requires_grad_(False)
    return model


def _extractor(model: nn.Module, num_classes: int) -> nn.Module:
    return _replaced(_freeze(model, lambda _: True), num_classes)


def _what_trains(
    answer: Rebuild, width: int, num_classes: int
) -> dict[str, Any] | None:
    """Say which parameters of a network train, and how many numbers that is."""
    torch.manual_seed(0)
    model = answer(_network(width), num_classes)
    if model is None:
        return None
    trained = {k: p.numel() for k, p in model.named_parameters() if p.requires_grad}
    return {
        "parameters that train": sorted(trained),
        "numbers that train": sum(trained.values()),
        "logits": model(_images(width)).shape[1],
    }


def _freezer(choose: Callable[[str], bool]) -> Rebuild:
    """Replace the head, then freeze what is chosen."""
    return lambda model, n: _freeze(_replaced(model, n), choose)


check_feature_extractor = Exercise(
    title="7.2 · Freeze the body",
    reference=_extractor,
    use=_what_trains,
    cases=(
        Case("a body with 8 features, 3 classes", (8, 3)),
        Case("a body with 12 features, 5 classes", (12, 5)),
    ),
    mistakes=(
        Mistake(
            "head_replaced_first",
            _freezer(lambda _: True),
            "Nothing trains at all: you replaced the head and then froze everything, "
            "the new head too. Freeze first; what is made afterwards trains.",
        ),
        Mistake(
            "nothing_frozen",
            _replaced,
            "Everything trains. `model.requires_grad = False` and `model.eval()` "
            "freeze no parameter: go through `model.parameters()` and set each one's "
            "`requires_grad` to False.",
        ),
        Mistake(
            "head_frozen_instead",
            _freezer(lambda name: name.startswith("fc")),
            "It is the wrong way round: your head is frozen and the body trains.",
        ),
        Mistake(
            "weights_only",
            _freezer(lambda name: name.endswith("weight") and "fc" not in name),
            "The body's biases still train. A layer has several parameters: freeze "
            "them all, whatever their names.",
        ),
        Mistake(
            "convolutions_only",
            _freezer(lambda name: name.startswith("conv")),
            "The batch norm's weight and bias still train. The body is more than its "
            "convolutions.",
        ),
        Mistake(
            "all_but_the_last",
            _freezer(lambda name: name != "fc.bias"),
            "Only `fc.bias` trains: the *last parameter* is not the last layer, which "
            "has two, a weight and a bias.",
        ),
        Mistake(
            "old_head",
            lambda model, _: _freeze(model, lambda name: not name.startswith("fc")),
            "The body is frozen, but the head is still the old one, with its old "
            "number of classes.",
        ),
    ),
    praise="Frozen first, then a new head, which trains because it is new.",
)
