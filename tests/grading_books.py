"""Small notebooks for the tests of the grader: three exercises of lesson 02."""

import json
from collections.abc import Sequence

from tools.grading.outline import Outline, Task

IMPORTS = """\
import torch
import torch.nn.functional as F
from course_utils.checks import lesson02 as checks
"""
STUBS = {
    "slide": "def slide_kernel(image, kernel):\n    raise NotImplementedError('…')",
    "row": "first_row = ...",
    "size": "def output_size(size, kernel_size, stride=1, padding=0):\n"
    "    raise NotImplementedError('…')",
}
RIGHT = {
    "slide": "def slide_kernel(image, kernel):\n"
    "    return F.conv2d(image[None, None], kernel[None, None])[0, 0]",
    "row": "first_row = (-11, -20, -25, -25)",
    "size": "def output_size(size, kernel_size, stride=1, padding=0):\n"
    "    return (size + 2 * padding - kernel_size) // stride + 1",
}
CHECKS = {
    "slide": "checks.check_slide_kernel(slide_kernel)",
    "row": "checks.check_first_row(first_row)",
    "size": "checks.check_output_size(output_size)",
}


def outline() -> Outline:
    """Three exercises: a function, a value, a function; 5, 3 and 5 points."""
    cells = {"imports": IMPORTS, "figure": "shown = torch.zeros(3)\nprint(shown)"}
    for name in STUBS:
        cells |= {name: STUBS[name], f"check-{name}": CHECKS[name]}
    tasks = (
        Task("check_slide_kernel", "slide_kernel", "2.1 · Slide", 5, "check-slide"),
        Task("check_first_row", "first_row", "2.2 · Row", 3, "check-row"),
        Task("check_output_size", "output_size", "2.6 · Size", 5, "check-size"),
    )
    return Outline("02_convolution_by_hand", tasks, cells)


def book(cells: Sequence[tuple[str, str]]) -> str:
    """The text of a notebook with these code cells: pairs of id and source."""
    made = [
        {"cell_type": "code", "id": identity, "source": source, "outputs": []}
        for identity, source in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4})


def cells(first: str = "", **answers: str) -> list[tuple[str, str]]:
    """The cells of a notebook: stubs where no answer is given."""
    found = [("imports", IMPORTS), ("figure", outline().cells["figure"])]
    if first:
        found.insert(0, ("first", first))
    for name, stub in STUBS.items():
        found.append((name, answers.get(name, stub)))
        found.append((f"check-{name}", CHECKS[name]))
    return found


def solved(first: str = "", **answers: str) -> str:
    """A notebook with right answers, save those given."""
    return book(cells(first, **(RIGHT | answers)))
