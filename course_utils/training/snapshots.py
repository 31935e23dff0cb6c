"""A run between two epochs: all that is needed to go on as if it never stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from course_utils.training.batches import Device, Loader
from course_utils.training.epochs import LossFunction
from course_utils.training.seeds import RandomState, random_state, restore_random_state


@dataclass(frozen=True)
class Run:
    """What a run trains and how."""

    model: nn.Module
    optimizer: Optimizer
    scheduler: LRScheduler | None
    train_loader: Loader
    val_loader: Loader
    loss_function: LossFunction
    device: Device

    @property
    def loaders(self) -> tuple[Loader, Loader]:
        """Both loaders: their own random numbers are part of the run's state."""
        return self.train_loader, self.val_loader


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Copies of all state of a run, on the CPU: state dicts, numbers and texts only.

    Attributes:
        model: State dict of the model.
        optimizer: State dict of the optimizer.
        scheduler: State dict of the scheduler, if there is one.
        random: State of the random numbers.
        settings: Kinds of optimizer and scheduler, and what they were made with.
    """

    model: dict[str, Any]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any] | None
    random: RandomState
    settings: dict[str, Any]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Return a copy of the run's present state."""
        return cls(
            copied(run.model.state_dict()),
            copied(run.optimizer.state_dict()),
            None if run.scheduler is None else copied(run.scheduler.state_dict()),
            copied(random_state(*run.loaders)),
            settings_of(run),
        )

    def restore(self, run: Run, source: str = "the snapshot") -> None:
        """Put the state back into the run's objects.

        Args:
            run: The objects, made as they were made then.
            source: What to call the snapshot in a message.

        Raises:
            ValueError: If model, optimizer or scheduler are of another kind.
        """
        self._require_same_kinds(settings_of(run), source)
        load_weights(run.model, self.model, source)
        try:
            run.optimizer.load_state_dict(copied(self.optimizer))
        except ValueError as error:
            raise ValueError(
                f"{source} belongs to another optimizer ({error}): make it as it was "
                "then, with the same parameters, or start a new run"
            ) from error
        if run.scheduler is not None and self.scheduler is not None:
            run.scheduler.load_state_dict(copied(self.scheduler))
        restore_random_state(self.random, *run.loaders)

    def changed_settings(self, run: Run) -> list[str]:
        """Return in words which settings the optimizer was made with are others now."""
        before, now = self.settings["defaults"], settings_of(run)["defaults"]
        return [
            f"{name}={now.get(name)} (the run goes on with its {name}={value})"
            for name, value in before.items()
            if now.get(name) != value
        ]

    def _require_same_kinds(self, now: dict[str, Any], source: str) -> None:
        for part in ("optimizer", "scheduler"):
            before = self.settings[part]
            if before != now[part]:
                raise ValueError(
                    f"{source} was written with {part} {before}, and now the {part} is "
                    f"{now[part]}: make it as it was then, or start a new run"
                )


SNAPSHOT_PARTS = tuple(field.name for field in fields(Snapshot))


def settings_of(run: Run) -> dict[str, Any]:
    """Return the kinds of optimizer and scheduler, and the optimizer's settings."""
    plain = (bool, int, float, str, tuple, type(None))
    defaults = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in run.optimizer.defaults.items()
        if isinstance(value, plain)
    }
    scheduler = None if run.scheduler is None else type(run.scheduler).__name__
    return {
        "optimizer": type(run.optimizer).__name__,
        "scheduler": scheduler,
        "defaults": defaults,
    }


def load_weights(model: nn.Module, weights: dict[str, Any], source: str) -> None:
    """Give ``model`` these weights; say how they differ if they are another model's."""
    own = model.state_dict()
    differ = [
        f"{name} is missing in {'the model' if name in weights else source}"
        for name in own.keys() ^ weights.keys()
    ] + [
        f"{name} has shape {tuple(weights[name].shape)} in {source} and "
        f"{tuple(own[name].shape)} in the model"
        for name in own.keys() & weights.keys()
        if isinstance(own[name], Tensor) and own[name].shape != weights[name].shape
    ]
    if differ:
        count = (
            f"{len(differ)} differences" if len(differ) > 1 else "the one difference"
        )
        raise ValueError(
            f"{source} belongs to another model: {sorted(differ)[0]} ({count}). Make "
            "the model as it was then, or start a new run"
        )
    model.load_state_dict(weights)


def copied(state: Any) -> Any:
    """Return a copy of nested state, its tensors on the CPU and of their own."""
    if isinstance(state, Tensor):
        return state.detach().to("cpu", copy=True)
    if isinstance(state, Mapping):
        kind = Counter if isinstance(state, Counter) else dict
        return kind({key: copied(value) for key, value in state.items()})
    if isinstance(state, list | tuple):
        values = [copied(value) for value in state]
        return values if isinstance(state, list) else tuple(values)
    return state
