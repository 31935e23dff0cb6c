"""Exercises 7.7 and 7.8: a split that does not leak, and Grad-CAM."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.checks.engine import Case, Exercise, Mistake

Split = Callable[[Tensor, float, int], tuple[Tensor, Tensor]]


def _members(photographs: Tensor, chosen: Tensor) -> Tensor:
    return torch.isin(photographs, chosen)


def _names(photographs: Tensor) -> Tensor:
    return torch.tensor(sorted(set(photographs.tolist())))


def _chosen(photographs: Tensor, share: float, seed: int) -> Tensor:
    names = _names(photographs)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(names), generator=generator)
    return names[order[: round(share * len(names))]]


def _by_photograph(
    photographs: Tensor, share: float, seed: int
) -> tuple[Tensor, Tensor]:
    held_out = _members(photographs, _chosen(photographs, share, seed))
    return (~held_out).nonzero()[:, 0], held_out.nonzero()[:, 0]


def _says(answer: Split, photographs: Tensor, share: float) -> dict[str, object]:
    """Say of a split what matters, whichever way it was shuffled."""
    training, validation = answer(photographs, share, 0)
    others = [answer(photographs, share, seed)[1].tolist() for seed in (0, 1, 2, 3)]
    sides = [set(photographs[part].tolist()) for part in (training, validation)]
    used = training.tolist() + validation.tolist()
    ordered = sorted(set(photographs.tolist()))
    ends = (ordered[: len(sides[1])], ordered[-len(sides[1]) :])
    return {
        "photographs on both sides": len(sides[0] & sides[1]),
        "photographs for validation": len(sides[1]),
        "pictures left out": len(photographs) - len(set(used)),
        "pictures used twice": len(used) - len(set(used)),
        "the photographs are shuffled": sorted(sides[1]) not in ends,
        "the same seed gives the same split": others[0] == validation.tolist(),
        "other seeds give other splits": any(o != others[0] for o in others[1:]),
    }


def _by_picture(photographs: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(photographs), generator=generator)
    count = round(share * len(photographs))
    return order[count:], order[:count]


def _not_shuffled(photographs: Tensor, share: float, _: int) -> tuple[Tensor, Tensor]:
    names = _names(photographs)
    held_out = _members(photographs, names[: round(share * len(names))])
    return (~held_out).nonzero()[:, 0], held_out.nonzero()[:, 0]


def _one_each(photographs: Tensor, share: float, seed: int) -> tuple[Tensor, Tensor]:
    names = photographs.tolist()
    firsts = torch.tensor([names.index(name) for name in sorted(set(names))])
    chosen = _members(photographs[firsts], _chosen(photographs, share, seed))
    return firsts[~chosen], firsts[chosen]


def _numbers_as_places(
    photographs: Tensor, share: float, seed: int
) -> tuple[Tensor, Tensor]:
    chosen = set(_chosen(photographs, share, seed).tolist())
    places = _names(photographs).tolist()
    return (
        torch.tensor([k for k in places if k not in chosen]),
        torch.tensor([k for k in places if k in chosen]),
    )


def _all_for_training(
    photographs: Tensor, share: float, seed: int
) -> tuple[Tensor, Tensor]:
    return torch.arange(len(photographs)), _by_photograph(photographs, share, seed)[1]


def _copies(photographs: int, each: int) -> Tensor:
    return torch.arange(photographs).repeat_interleave(each)


check_split_by_photograph = Exercise(
    title="7.7 · A split that does not leak",
    reference=_by_photograph,
    use=_says,
    cases=(
        Case("20 photographs, 4 crops of each", (_copies(20, 4), 0.25)),
        Case("30 photographs, each with its mirror image", (_copies(30, 2), 0.2)),
    ),
    mistakes=(
        Mistake(
            "by_picture",
            _by_picture,
            "You shuffled the pictures. Crops of one photograph then lie on both "
            "sides, and validation asks for what training has seen. Shuffle the "
            "*photographs*, and let all crops of one follow it.",
        ),
        Mistake(
            "one_each",
            _one_each,
            "No photograph is on both sides, but you kept one picture of each and "
            "lost the others. All pictures of a photograph belong to its side.",
        ),
        Mistake(
            "numbers_as_places",
            _numbers_as_places,
            "You returned the photographs' numbers. What is wanted are the places of "
            "their pictures: `torch.isin(photographs, chosen).nonzero()`.",
        ),
        Mistake(
            "all_for_training",
            _all_for_training,
            "Training holds every picture, the validation pictures too. What is held "
            "out must be missing from training.",
        ),
        Mistake(
            "not_shuffled",
            _not_shuffled,
            "You held out the first photographs as they lie. Files often lie sorted, "
            "by class or by day: shuffle them by the seed.",
        ),
        Mistake(
            "sides_swapped",
            lambda photographs, share, seed: _by_photograph(photographs, share, seed)[
                ::-1
            ],
            "The sides are swapped: training comes first, and `share` is validation's "
            "share.",
        ),
        Mistake(
            "seed_ignored",
            lambda photographs, share, _: _by_photograph(photographs, share, 0),
            "`seed` changes nothing in your split: use it for the generator.",
        ),
    ),
    praise="All pictures of a photograph on one side: what validation asks for, "
    "training has not seen.",
)

Cam = Callable[[Tensor, Tensor], Tensor]


def _scaled(cam: Tensor) -> Tensor:
    highest = cam.max()
    return cam / highest if highest > 0 else torch.zeros_like(cam)


def _grad_cam(activations: Tensor, gradients: Tensor) -> Tensor:
    C, H, W = activations.shape
    cam = torch.zeros(H, W)
    for channel in range(C):
        weight = float(gradients[channel].sum()) / (H * W)
        cam += weight * activations[channel]
    return _scaled(cam.clamp(min=0))


def _weighted(weights: Tensor, activations: Tensor) -> Tensor:
    """Sum of the maps, (H, W), by one weight a channel, (C,)."""
    return torch.einsum("c,chw->hw", weights, activations)


def _mean_weights(activations: Tensor, gradients: Tensor) -> Tensor:
    return _weighted(gradients.mean(dim=(1, 2)), activations)


def _from_0_to_1(cam: Tensor) -> Tensor:
    return (cam - cam.min()) / (cam.max() - cam.min())


def _maps(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    activations = torch.randn(4, 3, 5, generator=generator).relu()
    return activations, torch.randn(4, 3, 5, generator=generator)


_PARTS = torch.tensor([[[4.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]])
_FOR_AND_AGAINST = torch.tensor(
    [[[1.0, 1.0], [1.0, 1.0]], [[-1.0, -1.0], [-1.0, -1.0]]]
)
_UNEVEN = torch.tensor([[[0.0, 0.0], [0.0, 4.0]], [[2.0, 2.0], [0.0, 0.0]]])

check_grad_cam = Exercise(
    title="7.8 · Grad-CAM",
    reference=_grad_cam,
    cases=(
        Case("one map for the class, one against it", (_PARTS, _FOR_AND_AGAINST)),
        Case("gradients that lie beside the activations", (_PARTS, _UNEVEN)),
        Case("everything speaks against the class", (_PARTS + 1, -_PARTS)),
    ),
    mistakes=(
        Mistake(
            "no_relu",
            lambda a, g: _mean_weights(a, g) / _mean_weights(a, g).max(),
            "Places that speak *against* the class are below 0 in your map. Grad-CAM "
            "keeps what speaks for it: set the rest to 0.",
        ),
        Mistake(
            "from_0_to_1",
            lambda a, g: _from_0_to_1(_mean_weights(a, g)),
            "You stretched the map from its least to its largest value, so that a "
            "place that speaks against the class looks neutral, or even in favour. Cut "
            "at 0, then divide by the largest value.",
        ),
        Mistake(
            "not_averaged",
            lambda a, g: _scaled((a * g).sum(0).clamp(min=0)),
            "You multiplied each activation by its own gradient. Grad-CAM gives each "
            "*channel* one weight, the mean of its gradients over height and width.",
        ),
        Mistake(
            "averaged_over_channels",
            lambda a, g: _scaled((a.mean(0) * g.mean(0)).clamp(min=0)),
            "You averaged over the channels. The mean is taken over height and width, "
            "`dim=(1, 2)`: one weight for each channel.",
        ),
        Mistake(
            "absolute",
            lambda a, g: _scaled(_mean_weights(a, g).abs()),
            "You took absolute values, so that what speaks against the class shines "
            "like what speaks for it. Cut at 0 instead.",
        ),
        Mistake(
            "relu_before_the_sum",
            lambda a, g: _scaled(_weighted(g.mean(dim=(1, 2)).clamp(min=0), a)),
            "You cut before the sum, so that channels that speak against the class "
            "are lost. Add them up first; cut the sum.",
        ),
        Mistake(
            "swapped",
            lambda a, g: _scaled(_mean_weights(g, a).clamp(min=0)),
            "Activations and gradients are swapped: the gradients make the weights, "
            "the activations make the picture.",
        ),
        Mistake(
            "no_weights",
            lambda a, g: _scaled(a.sum(0).clamp(min=0)),
            "You added up the activations without any weights: that is where "
            "*something* is, whatever the class.",
        ),
        Mistake(
            "not_scaled",
            lambda a, g: _mean_weights(a, g).clamp(min=0),
            "The map is right up to its scale: divide by its largest value, so that "
            "it runs from 0 to 1.",
        ),
    ),
    draw=_maps,
    praise="A weight a channel, a weighted sum, and only what speaks for the class.",
)
