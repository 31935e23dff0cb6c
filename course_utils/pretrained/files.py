"""Weights on disk: read without running anything, loaded strictly, written at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from course_utils.pretrained.network import WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

Model = TypeVar("Model", bound="nn.Module")

SHOWN: Final = 3
_DIGEST: Final = "sha256 of the tensors"


def read_state(path: Path) -> dict[str, Tensor]:
    """Read a state dict from a safetensors file, or from one that torch saved.

    Nothing in the file is executed: `torch.load` gets ``weights_only=True``.

    Raises:
        WeightsError: The file is missing, truncated, damaged or no state dict.
    """
    import torch
    from safetensors.torch import load_file

    if not path.is_file():
        raise WeightsError(f"{path} is not there, expected a file of weights")
    size = path.stat().st_size
    try:
        found: Any = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except Exception as error:  # whatever a damaged file makes the readers raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(
            f"{path} ({size:,} bytes) cannot be read as weights: it is truncated, "
            f"damaged, or something else ({reason[:160]}). Delete it, fetch it again."
        ) from error
    return _state(found, path)


def _state(found: Any, path: Path) -> dict[str, Tensor]:
    import torch

    expected = "expected a state dict: names of parameters, each with its tensor"
    if not isinstance(found, Mapping):
        raise WeightsError(
            f"{path} holds a {type(found).__name__}, {expected}. "
            "Save model.state_dict(), or delete the file and fetch it again."
        )
    wrong = [key for key, value in found.items() if not isinstance(value, torch.Tensor)]
    if wrong or not found:
        what = f"entries that are no tensors ({shown(wrong)})" if wrong else "nothing"
        raise WeightsError(
            f"{path} holds {what}, {expected}. Save model.state_dict() alone, "
            "or delete the file and fetch it again."
        )
    return found  # type: ignore[return-value] # an OrderedDict with its _metadata


def built(make: Callable[[], Model]) -> Model:
    """Build a network without drawing from torch's random numbers.

    Its initial weights are replaced anyway; a lesson that seeds first must not get
    other numbers because another network was at hand.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        return make()


def load_strictly(
    model: nn.Module, state: Mapping[str, Tensor], title: str, path: Path
) -> None:
    """Copy a state dict into a model: every entry, and nothing else.

    Raises:
        WeightsError: The file holds the weights of another network.
    """
    try:
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        differences = _differences(model.state_dict(), state) or str(error)[:160]
        raise WeightsError(
            f"{path} holds another network than {title}: {differences}. "
            "Delete or rename the file and fetch the right one."
        ) from None  # torch lists every single name


def _differences(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    missing = [key for key in expected if key not in found]
    unknown = [key for key in found if key not in expected]
    shapes = [
        f"{key} {tuple(found[key].shape)} instead of {tuple(value.shape)}"
        for key, value in expected.items()
        if key in found and found[key].shape != value.shape
    ]
    parts = (("missing", missing), ("unknown", unknown), ("of another shape", shapes))
    return "; ".join(f"{len(k)} {word} ({shown(k)})" for word, k in parts if k)


def shown(names: list[Any]) -> str:
    """Return the first few names of a long list."""
    rest = len(names) - SHOWN
    listed = ", ".join(map(str, names[:SHOWN]))
    return f"{listed}, and {rest} more" if rest > 0 else listed


def tensors_digest(state: Mapping[str, Tensor]) -> str:
    """Return a SHA-256 over names, types, shapes and values."""
    import torch

    digest = hashlib.sha256()
    for name in sorted(state):
        value = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def write_sealed(path: Path, state: Mapping[str, Tensor]) -> None:
    """Write a safetensors file that carries the digest of its own tensors.

    The file appears under its name whole or not at all.

    Raises:
        OSError: The folder cannot be written to.
    """
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    # of this process alone: two lessons may convert at the same time
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    try:
        save_file(tensors, part, metadata={_DIGEST: tensors_digest(tensors)})
        to_disk(part)
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def read_sealed(path: Path) -> dict[str, Tensor]:
    """Read what `write_sealed` wrote.

    Raises:
        WeightsError: The file is missing, or a single bit of it has changed.
    """
    from safetensors import safe_open

    state = read_state(path)
    with safe_open(path, framework="pt") as file:
        expected = (file.metadata() or {}).get(_DIGEST)
    if tensors_digest(state) != expected:
        raise WeightsError(f"{path} is damaged: its tensors are not those it was given")
    return state


def to_disk(path: Path) -> None:
    """Force the bytes out before the name, so that a power cut leaves no half file."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
