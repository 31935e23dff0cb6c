"""Exercise 10.5: the two losses of a GAN, and where their gradients go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils.checks.engine import Case, Exercise, Mistake

Losses = Callable[[nn.Module, nn.Module, Tensor, Tensor], tuple[Tensor, Tensor]]


def _entropy(logits: Tensor, real: float, reduction: str = "mean") -> Tensor:
    return F.binary_cross_entropy_with_logits(
        logits, torch.full_like(logits, real), reduction=reduction
    )


def gan_losses(
    maker: nn.Module, judge: nn.Module, real: Tensor, noise: Tensor
) -> tuple[Tensor, Tensor]:
    """Return both losses, written with softplus: −ln σ(x) is softplus(−x)."""
    made = maker(noise)
    on_real, on_made = F.softplus(-judge(real)), F.softplus(judge(made.detach()))
    return on_real.mean() + on_made.mean(), F.softplus(-judge(made)).mean()


def _losses(
    *,
    detach_for_judge: bool = True,
    detach_for_maker: bool = False,
    targets: tuple[float, float, float] = (1, 0, 1),
    parts: tuple[float, float] = (1, 1),
    squash: bool = False,
    reduction: str = "mean",
    maker_sign: float = 1,
) -> Losses:
    """Return losses with something changed; targets: real, made, made for the maker."""

    def losses(
        maker: nn.Module, judge: nn.Module, real: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        def says(images: Tensor) -> Tensor:
            logits: Tensor = judge(images)
            return logits.sigmoid() if squash else logits

        def entropy(images: Tensor, target: float) -> Tensor:
            return _entropy(says(images), target, reduction=reduction)

        made = maker(noise)
        shown = made.detach() if detach_for_judge else made
        fooled = made.detach() if detach_for_maker else made
        loss_judge = parts[0] * entropy(real, targets[0])
        loss_judge = loss_judge + parts[1] * entropy(shown, targets[1])
        return loss_judge, maker_sign * entropy(fooled, targets[2])

    return losses


def _examine(answer: Losses, size: int, seed: int) -> dict[str, Any]:
    """Return both losses, and which network each of them would teach."""
    generator = torch.Generator().manual_seed(seed)
    maker = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Unflatten(1, (1, 2, 2)))
    judge = nn.Sequential(nn.Flatten(), nn.Linear(4, 1))
    for parameter in (*maker.parameters(), *judge.parameters()):
        parameter.data = torch.randn(parameter.shape, generator=generator)
    real = torch.randn(size, 1, 2, 2, generator=generator)
    losses = answer(maker, judge, real, torch.randn(size, 3, generator=generator))
    pair = isinstance(losses, tuple | list) and len(losses) == 2
    if not pair or not all(isinstance(loss, Tensor) for loss in losses):
        raise TypeError(f"expected two tensors, both losses; found {losses!r:.60}")
    first, second = losses
    return {
        "the discriminator's loss": first.sum().item(),
        "the generator's loss": second.sum().item(),
        "the first loss teaches the discriminator": _teaches(first, judge),
        "gradients in the generator from the first loss": _teaches(first, maker),
        "the second loss teaches the generator": _teaches(second, maker),
    }


def _teaches(loss: Tensor, model: nn.Module) -> bool:
    """Return whether the loss has a gradient with respect to the model."""
    if not loss.requires_grad:
        return False
    slopes = torch.autograd.grad(
        loss.sum(), list(model.parameters()), retain_graph=True, allow_unused=True
    )
    return any(slope is not None for slope in slopes)


def _swapped(*arguments: Any) -> tuple[Tensor, Tensor]:
    first, second = gan_losses(*arguments)
    return second, first


check_gan_losses = Exercise(
    title="10.5 · Two losses, one game",
    reference=gan_losses,
    use=_examine,
    cases=(
        Case("a batch of 5", (5, 0)),
        Case("a batch of 8", (8, 1)),
        Case("a single picture", (1, 2)),
    ),
    mistakes=(
        Mistake(
            "detach_missing",
            _losses(detach_for_judge=False),
            "Both values are right, but the discriminator's loss has gradients in the "
            "generator: it would teach it to be found out. Show the discriminator "
            "`made.detach()`.",
        ),
        Mistake(
            "generator_detached",
            _losses(detach_for_maker=True),
            "Both values are right, but the generator's loss does not reach the "
            "generator: it could never learn. Detach in the discriminator's loss only.",
        ),
        Mistake(
            "labels_swapped",
            _losses(targets=(0, 1, 1)),
            "Your discriminator learns the wrong way round: real pictures are to get "
            "ones, made ones zeros.",
        ),
        Mistake(
            "generator_wants_to_lose",
            _losses(targets=(1, 0, 0)),
            "Your generator wants its pictures to be called *made*, so it helps the "
            "discriminator. Its target is ones.",
        ),
        Mistake(
            "saturating_loss",
            _losses(targets=(1, 0, 0), maker_sign=-1),
            "You minimise the discriminator's success, ln(1 − D): that is the game as "
            "first written down. While the generator is bad its slope is nearly zero; "
            "so one takes −ln D, the cross-entropy with ones.",
        ),
        Mistake(
            "only_real",
            _losses(parts=(1, 0)),
            "Your discriminator is judged on real pictures alone, so saying “real” to "
            "everything would be perfect. Add its loss on made ones.",
        ),
        Mistake(
            "only_made",
            _losses(parts=(0, 1)),
            "Your discriminator is judged on made pictures alone, so saying “made” to "
            "everything would be perfect. Add its loss on real ones.",
        ),
        Mistake(
            "mean_of_both",
            _losses(parts=(0.5, 0.5)),
            "You took the mean of its two losses. That works as well, but asked for "
            "is the sum.",
        ),
        Mistake(
            "sigmoid_twice",
            _losses(squash=True),
            "There is a sigmoid too many: the judge gives logits, and "
            "`binary_cross_entropy_with_logits` applies the sigmoid itself.",
        ),
        Mistake(
            "sums",
            _losses(reduction="sum"),
            "You summed over the pictures. With the mean, a larger batch does not "
            "mean larger steps.",
        ),
        Mistake(
            "order_swapped",
            _swapped,
            "Both losses are right but in the wrong order: the discriminator's first.",
        ),
    ),
    seconds=20,  # the first gradient may find a busy machine
    praise="Same pictures, opposite wishes, and each loss teaches one network only.",
)
