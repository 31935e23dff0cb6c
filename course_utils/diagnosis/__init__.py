"""Silent mistakes made visible: a training that runs, and yet is wrong."""

from __future__ import annotations

from torch import nn
from torch.nn import functional as F
from torch.optim import Optimizer

from course_utils.diagnosis import data, evaluating, network, optimising, probe, steps
from course_utils.diagnosis.case import (
    Case,
    EvaluateFunction,
    TrainingStep,
    predicted,
    read,
    untouched,
)
from course_utils.diagnosis.report import Diagnosis, Finding, Skipped
from course_utils.training.batches import Loader
from course_utils.training.epochs import LossFunction

__all__ = ["Diagnosis", "Finding", "diagnose"]

# name of each question, and the function that answers it; data before network
_QUESTIONS = (
    ("input normalised", data.normalised),
    ("validation normalised alike", data.normalised_alike),
    ("training images shuffled", data.shuffled),
    ("no validation image in training", data.kept_apart),
    ("labels belong to the images", probe.labels_belong),
    ("validation labels belong to the images", probe.val_labels_belong),
    ("every layer registered", network.all_registered),
    ("model returns logits", network.returns_logits),
    ("loss takes logits", steps.loss_takes_logits),
    ("images not mixed with each other", network.images_apart),
    ("no chance in evaluation mode", network.steady),
    ("ReLUs alive", network.relus_alive),
    ("more than one class predicted", network.several_classes),
    ("something trains", optimising.something_trains),
    ("gradients reach every layer", optimising.gradients_reach),
    ("optimizer holds the parameters", optimising.holds_parameters),
    ("learning rate", optimising.learning_rate),
    ("step uses what it is given", steps.uses_what_it_is_given),
    ("gradients zeroed", steps.gradients_zeroed),
    ("step's loss takes logits", steps.step_takes_logits),
    ("evaluated in evaluation mode", evaluating.evaluation_mode_used),
)


def diagnose(
    model: nn.Module,
    loader: Loader,
    *,
    val_loader: Loader | None = None,
    loss_function: LossFunction = F.cross_entropy,
    optimizer: Optimizer | None = None,
    training_step: TrainingStep | None = None,
    evaluate_function: EvaluateFunction | None = None,
) -> Diagnosis:
    """Look for the mistakes that raise no error: they only make the result worse.

    Everything is tried on copies: model, optimizer and random numbers are afterwards
    as they were before. The first few thousand images of each loader are looked at.

    Args:
        model: Returns logits, (N, C); fresh or trained.
        loader: The training loader: floats (N, C, H, W) and int64 (N,).
        val_loader: The validation loader: finds images that are in both.
        loss_function: Of logits and labels.
        optimizer: The optimizer of this model: finds parameters that it lacks, and a
            learning rate that is far off.
        training_step: Your step, ``training_step(model, images, labels, optimizer)``:
            finds a forgotten ``zero_grad``. Needs ``optimizer``.
        evaluate_function: Your evaluation, ``evaluate_function(model, loader)``: finds
            a forgotten ``eval()``.

    Returns:
        The findings, each with what was measured, why it matters and what to write.

    Raises:
        TypeError: If data or model are of the wrong kind or dtype; the message says
            what to do.
        ValueError: If shapes, labels or devices do not fit; the message says what.
    """
    if training_step is not None and optimizer is None:
        raise ValueError(
            "training_step was given without an optimizer to call it with: pass "
            "optimizer=optimizer too"
        )
    with untouched(model, optimizer, loader, val_loader):
        images, labels, batch_size = read(loader, model, "loader")
        val_images = val_labels = None
        if val_loader is not None:
            val_images, val_labels, _ = read(val_loader, model, "val_loader")
        case = Case(
            model=model,
            loader=loader,
            val_loader=val_loader,
            loss_function=loss_function,
            optimizer=optimizer,
            training_step=training_step,
            evaluate_function=evaluate_function,
            images=images,
            labels=labels,
            batch_size=batch_size,
            logits=predicted(model, images, labels),
            val_images=val_images,
            val_labels=val_labels,
        )
        return _answered(case)


def _answered(case: Case) -> Diagnosis:
    findings: list[Finding] = []
    clear: list[str] = []
    skipped: list[tuple[str, str]] = []
    for name, question in _QUESTIONS:
        answer = question(case)
        if isinstance(answer, Finding):
            findings.append(answer)
        elif isinstance(answer, Skipped):
            skipped.append((name, answer.reason))
        else:
            clear.append(name)
    return Diagnosis(
        type(case.model).__name__,
        len(case.images),
        tuple(findings),
        tuple(clear),
        tuple(skipped),
    )
