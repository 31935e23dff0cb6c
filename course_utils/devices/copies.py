"""Count what is copied to a device; works without one, on PyTorch's meta device."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_COPIES = (torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default)


class CopyCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts, as a context, the copies to a kind of device and their bytes.

    >>> with CopyCounter("meta") as counter:
    ...     batch = torch.zeros(2, 3).to("meta")
    >>> counter.copies, counter.bytes
    (1, 24)

    Args:
        kind: Of the device that is copied to, such as ``"cuda"`` or ``"meta"``.

    Attributes:
        copies: How many tensors were copied there from another device.
        bytes: How many bytes these hold.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kind = kind
        self.copies = 0
        self.bytes = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in _COPIES:
            # of `x.to(...)` the only tensor, of `x.copy_(y)` the last
            *_, source = (
                leaf for leaf in tree_leaves(args) if isinstance(leaf, Tensor)
            )
            if source.device.type != self.kind == result.device.type:
                self.copies += 1
                self.bytes += result.nbytes
        return result
