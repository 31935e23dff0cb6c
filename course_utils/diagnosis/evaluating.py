"""The question about evaluation: does the reader's function switch the mode?"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from course_utils.diagnosis.case import Case, Keeper, copied
from course_utils.diagnosis.report import Finding, Skipped

_CALLS = 3  # batches are enough
_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class _EnoughError(Exception):
    """Ends the reader's function when enough was seen."""


def evaluation_mode_used(case: Case) -> Finding | Skipped | None:
    """Find dropout or batch normalisation that is in training mode while evaluating."""
    if case.evaluate_function is None:
        return Skipped("pass evaluate_function")
    model = case.copied_model().train()
    watched: dict[nn.Module, str] = {
        module: f"`{name}` ({type(module).__name__})"
        for name, module in model.named_modules()
        if isinstance(module, (*_DROPOUTS, *_NORMS))
    }
    if not watched:
        return Skipped("the model has neither dropout nor batch normalisation")
    training, calls, gaps = _watched(model, watched)
    keeper = Keeper(case.model, case.optimizer)
    try:
        case.evaluate_function(model, case.val_loader or case.loader)
    except _EnoughError:
        pass
    finally:
        keeper.restore()
    if not calls:
        return Skipped("evaluate_function did not call the model that it was given")
    if not training:
        return None
    return Finding(
        "Evaluated in training mode",
        f"in {len(calls)} batches of `evaluate_function`, still in training mode: "
        f"{', '.join(sorted(training)[:4])}; logits of the first batch differ from "
        f"those in evaluation mode by up to {max(gaps):.3g}.",
        "Dropout then throws units away, and batch normalisation takes the batch's own "
        "statistics and changes the running ones: the result depends on chance, on "
        "the batch size, and it trains on the validation images a little.",
        "`model.eval()` before the loop over the batches, and `model.train()` before "
        "training goes on",
    )


def _watched(
    model: nn.Module, layers: dict[nn.Module, str]
) -> tuple[set[str], list[int], list[float]]:
    """Watch a model: layers in training mode, calls, and the gap that they make."""
    training: set[str] = set()
    calls: list[int] = []
    gaps = [0.0]

    def before(*_: Any) -> None:
        if len(calls) == _CALLS:
            raise _EnoughError
        calls.append(len(calls))

    def layer(module: nn.Module, *_: Any) -> None:
        if module.training:
            training.add(layers[module])

    def after(_: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> None:
        if len(calls) == 1 and training:
            gaps.append(_gap(reference, arguments, output))

    reference = copied(model).eval()
    model.register_forward_pre_hook(before)
    model.register_forward_hook(after)
    for module in layers:
        module.register_forward_pre_hook(layer)
    return training, calls, gaps


def _gap(reference: nn.Module, arguments: tuple[Any, ...], output: Tensor) -> float:
    return float((reference(*arguments) - output).detach().abs().max())
