"""Train several epochs: interrupted without loss, continued where it stopped."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from torch import nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from course_utils.training.batches import Device, Loader, require_loader
from course_utils.training.checkpoints import load_checkpoint, save_checkpoint
from course_utils.training.epochs import LossFunction, evaluate, train_epoch
from course_utils.training.history import EpochRecord, History
from course_utils.training.snapshots import Run, Snapshot

Say = Callable[[str], None]


def fit(
    model: nn.Module,
    train_loader: Loader,
    val_loader: Loader,
    *,
    epochs: int,
    optimizer: Optimizer,
    scheduler: LRScheduler | None = None,
    loss_function: LossFunction = F.cross_entropy,
    device: Device = None,
    checkpoint: str | Path | None = None,
    history: History | None = None,
    quiet: bool = False,
    progress: bool = False,
) -> History:
    """Train up to epoch number ``epochs``, evaluating after each.

    One line is printed an epoch, without times, so that a repeated run prints the
    same. An interruption (Kernel → Interrupt, or Ctrl-C) undoes the epoch that it
    fell into and returns the history so far. Called again with the same checkpoint or
    history, the run goes on as if it had never stopped: weights, optimizer, scheduler
    and random numbers are put back first.

    Args:
        model: Returns logits, (N, C).
        train_loader: Yields ``(images, labels)``: floats (N, C, H, W), int64 (N,).
        val_loader: The same, of images that are never trained on.
        epochs: Number of epochs in all, those done before included.
        optimizer: Holds the model's parameters.
        scheduler: Stepped after every batch, if there is one.
        loss_function: Of logits and labels, for training; the validation loss is
            always the cross-entropy.
        device: Where to move the batches; ``None`` leaves them where they are.
        checkpoint: File to keep the run in, written after every epoch; if it exists,
            the run goes on from there.
        history: The history of a run to go on with; it is extended.
        quiet: Print nothing.
        progress: Show a bar while an epoch runs, where somebody is watching; it
            disappears when the epoch is over.

    Returns:
        The history; ``history.load_best(model)`` gives back the best epoch's weights.

    Raises:
        TypeError: If something is of the wrong kind or dtype; the message says what.
        ValueError: If shapes, labels, devices or the checkpoint do not fit.
        FloatingPointError: If the loss is not finite. The model is then put back to
            the end of the last whole epoch.
    """
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
        raise ValueError(f"epochs is {epochs!r}; write a whole number from 1")
    require_loader(train_loader, "train_loader")
    require_loader(val_loader, "val_loader")
    path = None if checkpoint is None else Path(checkpoint)
    say = _say_nothing if quiet else _say
    run = Run(
        model, optimizer, scheduler, train_loader, val_loader, loss_function, device
    )
    history = _begun(run, history, path, epochs, say)
    try:
        for number in range(len(history) + 1, epochs + 1):
            label = f"epoch {number} of {epochs}"
            history.add(_epoch(run, number, label, progress), Snapshot.of(run))
            say(_line(label, history.records[-1]))
            if path is not None:
                _save(path, history, say)
    except KeyboardInterrupt:
        _undo(run, history)
        say(_interrupted(history, path))
    except FloatingPointError as error:
        _undo(run, history)
        raise FloatingPointError(
            f"{error}. This was in epoch {len(history) + 1}; fit has put model and "
            f"optimizer back to where they were after epoch {len(history)}"
        ) from error
    return history


def _epoch(run: Run, number: int, label: str, progress: bool) -> EpochRecord:
    start = time.perf_counter()
    train_loss = train_epoch(
        run.model,
        _Watched(run.train_loader, label) if progress else run.train_loader,
        run.optimizer,
        scheduler=run.scheduler,
        loss_function=run.loss_function,
        device=run.device,
    )
    found = evaluate(run.model, run.val_loader, device=run.device)
    seconds = time.perf_counter() - start
    return EpochRecord(number, train_loss, found.loss, found.accuracy, seconds)


def _begun(
    run: Run, history: History | None, path: Path | None, epochs: int, say: Say
) -> History:
    """Return the history to extend, with the run's objects as they were at its end."""
    found, source = history, "the history"
    if path is not None and path.exists():
        found, source = load_checkpoint(path), str(path)
        if history is not None and history.records != found.records:
            raise ValueError(
                f"{path} holds {len(found)} epochs of another run than the history, "
                f"which has {len(history)}: pass one of them, or choose another path"
            )
        found = history or found
    if found is None or (found.last is None and not len(found)):
        found = found or History()
        found.keep(None, Snapshot.of(run))
        if path is not None:
            save_checkpoint(path, found)  # now, as a bad path must not cost an epoch
    elif found.last is None:
        raise ValueError(
            "this history holds numbers alone (it was read from JSON): nothing to go "
            "on from. Pass the run's checkpoint instead"
        )
    else:
        _continue(run, found, source, epochs, say)
    _require_steps(run, epochs - len(found))
    return found


def _continue(run: Run, history: History, source: str, epochs: int, say: Say) -> None:
    assert history.last is not None  # the caller has looked
    changed = history.last.changed_settings(run)
    history.last.restore(run, source)
    if changed:
        say(f"Note: the optimizer was now made with {', '.join(changed)}.")
    if len(history) >= epochs:
        say(
            f"{source} already has {len(history)} of {epochs} epochs, so nothing is "
            "trained: raise epochs to go on, or start a new run."
        )
    elif len(history):
        say(f"Going on after epoch {len(history)} of {source}.")


def _require_steps(run: Run, epochs: int) -> None:
    total = getattr(run.scheduler, "total_steps", None)
    if run.scheduler is None or total is None:
        return
    batches = len(run.train_loader)
    # last_epoch counts the steps done: for PyTorch every step is an epoch
    done, needed = run.scheduler.last_epoch, epochs * batches
    if done + needed > total:
        raise ValueError(
            f"the scheduler was made for {total} steps and has done {done}; the next "
            f"{epochs} epochs of {batches} batches take {needed}: make it with "
            f"total_steps={done + needed}, for a new run"
        )


def _undo(run: Run, history: History) -> None:
    assert history.last is not None  # kept before the first epoch
    history.last.restore(run)


def _interrupted(history: History, path: Path | None) -> str:
    done, best = len(history), history.best
    again = "history=history" if path is None else f"checkpoint={str(path)!r}"
    kept = (
        "no epoch was finished, and the model is as it was"
        if best is None
        else f"the model is as after epoch {done}, and the history keeps {done} "
        f"{'epoch' if done == 1 else 'epochs'} and the weights of the best, "
        f"epoch {best.epoch} (history.load_best(model))"
    )
    return f"Interrupted in epoch {done + 1}: {kept}; fit(…, {again}) goes on."


def _save(path: Path, history: History, say: Say) -> None:
    try:
        save_checkpoint(path, history)
    except OSError as error:  # hours of training must not end because a disk is full
        say(f"Not saved after epoch {len(history)}: {error}. The training goes on.")


def _line(label: str, record: EpochRecord) -> str:
    return (
        f"{label}: training loss {record.train_loss:.3f}, "
        f"validation loss {record.val_loss:.3f}, accuracy {record.val_accuracy:.1%}"
    )


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _say_nothing(sentence: str) -> None:
    pass


class _Watched:
    """A loader that shows a bar while it is read, if somebody is watching."""

    def __init__(self, loader: Loader, label: str) -> None:
        self.loader = loader
        self.label = label

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        from tqdm import tqdm  # type: ignore[import-untyped]

        in_notebook = type(sys.stdout).__module__.startswith("ipykernel")
        watched = in_notebook or sys.stdout.isatty()
        # the text bar in notebooks too: it leaves no widget state behind
        bar = tqdm(
            self.loader,
            desc=self.label,
            unit="batch",
            ncols=79,
            delay=0.5,
            leave=False,
            file=sys.stdout,
            disable=not watched,
        )
        yield from bar
