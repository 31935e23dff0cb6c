"""One object of a class, seen from one side: what to draw, apart from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from course_utils.drawn.airplane import airplane
from course_utils.drawn.bird import bird
from course_utils.drawn.frog import frog
from course_utils.drawn.hoofed import deer, horse
from course_utils.drawn.pets import cat, dog
from course_utils.drawn.road_vehicles import automobile, truck
from course_utils.drawn.ships import ship
from course_utils.drawn.solid import Solid
from course_utils.drawn.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Callable

    from course_utils.drawn.canvas import Canvas

CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)  # CIFAR-10's, in CIFAR-10's order
ANIMALS = frozenset({2, 3, 4, 5, 6, 7})

_BUILDERS: tuple[Callable[[Solid, Tape, int], None], ...] = (
    airplane,
    automobile,
    bird,
    cat,
    deer,
    dog,
    frog,
    horse,
    ship,
    truck,
)
# how far each class turns from its side view, how high and low it is seen from, and
# how much it leans, in 1/1024 turns
_TURNS = (130, 150, 110, 120, 110, 120, 170, 110, 105, 150)
_HEIGHTS = (
    (-130, 130),
    (8, 75),
    (-25, 60),
    (0, 70),
    (0, 50),
    (0, 70),
    (5, 120),
    (0, 50),
    (4, 50),
    (8, 65),
)
_LEANS = (70, 12, 40, 22, 16, 22, 26, 16, 14, 12)
_FRONT_VIEWS = (0.1, 0.15, 0.12, 0.25, 0.12, 0.25, 0.25, 0.12, 0.0, 0.15)


@dataclass(frozen=True)
class Obj:
    """An object to draw; `dataclasses.replace` moves it from frame to frame.

    Attributes:
        label: Index into `CLASS_NAMES`.
        style: Decides form, pose, colour and markings; equal styles look alike.
        yaw: Turn about the vertical in 1/1024 turns: 0 faces right, 256 the viewer.
        pitch: Height it is seen from in 1/1024 turns: 0 level, 256 from above.
        roll: Turn in the picture plane in 1/1024 turns.
        stride: Phase of its gait or wing beat in 1/1024 turns.
    """

    label: int
    style: int
    yaw: int = 0
    pitch: int = 20
    roll: int = 0
    stride: int = 0

    def draw(
        self,
        canvas: Canvas,
        x: float,
        y: float,
        scale: float,
        *,
        light: float = 0.0,
        close_up: bool = False,
    ) -> None:
        """Draw the object.

        Args:
            canvas: Where to draw; its owner and material are used as they are.
            x: Centre, in pixels from the left.
            y: Centre, in pixels from the top.
            scale: Longer side of the object, in pixels.
            light: Where light comes from, left (−1) to right (+1).
            close_up: Centre the head, if it has one, not the whole.
        """
        self.solid(light).paint(canvas, x, y, scale, close_up=close_up)

    def solid(self, light: float = 0.0) -> Solid:
        """Return the object's parts, projected and ready to paint."""
        solid = Solid(self.yaw, self.pitch, self.roll, light)
        _BUILDERS[self.label](solid, Tape(self.style, self.label), self.stride)
        return solid


def random_obj(tape: Tape, label: int) -> Obj:
    """Return an object of a class in a random style and view."""
    turn = _TURNS[label]
    if tape.chance(_FRONT_VIEWS[label]):
        yaw = 256 + tape.integer(-90, 90)
    else:
        # the product of two numbers prefers views nearly from the side
        share = tape.uniform(-1, 1) * tape.uniform(0.2, 1)
        yaw = tape.pick((0, 512)) + int(share * turn)
    low, high = _HEIGHTS[label]
    lean = _LEANS[label]
    return Obj(
        label=label,
        style=tape.word(),
        yaw=yaw,
        pitch=tape.integer(low, high),
        roll=(tape.integer(-lean, lean) + tape.integer(-lean, lean)) // 2,
        stride=tape.integer(0, 1023),
    )
