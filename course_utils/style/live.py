"""Watch a picture while it is optimised, and interrupt it without losing anything."""

from __future__ import annotations

import base64
import math
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from course_utils.style.pictures import as_bytes

if TYPE_CHECKING:
    from torch import Tensor

_PAUSE: Final = 0.4  # seconds between two pictures: enough to watch, cheap to draw


def live(picture: Tensor, steps: int, *, show: bool = False) -> Live:
    """Keep the picture of each finished step, and show it on the way if asked to.

    Interrupting the kernel ends the ``with`` block, not the notebook: what follows the
    block goes on with the picture of the last finished step.

        with live(picture, steps, show=True) as progress:
            for _ in range(steps):
                ...                    # change the picture
                progress.update(loss)
        result = progress.picture

    Args:
        picture: What is optimised, (1, 3, H, W); it is copied after each step.
        steps: How many steps are planned.
        show: Show the picture below the cell while it changes.
    """
    return Live(picture, steps, show=show)


class Live:
    """A picture that is being optimised: see :func:`live`.

    Attributes:
        picture: As it was after the last finished step, detached, (1, 3, H, W).
        losses: The loss that each finished step was taken at.
        interrupted: Whether the kernel was interrupted before the last step.
    """

    def __init__(self, picture: Tensor, steps: int, *, show: bool) -> None:
        self._changing = picture
        self._steps = steps
        self._show = show
        self._handle: Any = None
        self._shown_at = -math.inf
        self.picture = picture.detach().clone()
        self.losses: list[float] = []
        self.interrupted = False

    @property
    def step(self) -> int:
        """How many steps are finished."""
        return len(self.losses)

    def update(self, loss: Tensor | float) -> None:
        """Say that a step is finished.

        Args:
            loss: What the optimiser's step returned.

        Raises:
            FloatingPointError: If the loss or the picture is not finite; ``picture``
                stays that of the step before.
        """
        value = float(loss.detach()) if hasattr(loss, "detach") else float(loss)
        latest = self._changing.detach().clone()
        if not (math.isfinite(value) and bool(latest.isfinite().all())):
            raise FloatingPointError(
                f"in step {self.step + 1} the loss is {value}: the steps have become "
                "too large. Lower the learning rate (lr), or optimise with Adam"
            )
        self.picture = latest
        self.losses.append(value)
        self._draw()

    def __enter__(self) -> Self:
        self._draw()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        self._draw(last=True)
        if self.interrupted:
            print(
                f"Interrupted after step {self.step} of {self._steps}; the picture of "
                "that step is kept."
            )
        return self.interrupted

    def _draw(self, *, last: bool = False) -> None:
        # an interrupted run shows what it reached, even if nobody was watching
        wanted = self._show or (last and self.interrupted)
        now = time.monotonic()
        if not wanted or (not last and now - self._shown_at < _PAUSE):
            return
        from IPython.display import HTML, display

        page = HTML(self._html())  # type: ignore[no-untyped-call]
        if self._handle is None:
            self._handle = display(page, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(page)
        self._shown_at = now

    def _html(self) -> str:
        height, width = self.picture.shape[-2:]
        zoom = max(1, round(288 / max(height, width)))
        words = f"step {self.step} of {self._steps}"
        if self.losses:
            words += f", loss {self.losses[-1]:.4g}"
        code = base64.b64encode(as_bytes(self.picture)).decode("ascii")
        return (
            f'<figure style="margin: 0"><img alt="The picture after {words}" '
            f'width="{zoom * width}" height="{zoom * height}" '
            f'src="data:image/webp;base64,{code}">'
            f"<figcaption>{words}</figcaption></figure>"
        )
