"""Makes submissions of eight kinds for lesson 02, to try the grader on.

They lie in a folder as an instructor finds them: some in Moodle's folders, some as
clones, some as files from e-mails. Which exercises each of them should pass is known.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nbformat import NotebookNode

from tools.building.assemble import assemble
from tools.building.project import Project, Version
from tools.grading.outline import read_outline
from tools.grading.sample_attacks import ATTACKS
from tools.notebook import new_cell, new_notebook, to_text

NUMBER: Final = "02"
KINDS: Final = (
    "right",  # every answer as in the worked notebook
    "blank",  # handed in as it came
    "mistaken",  # some answers are known mistakes
    "broken",  # a cell raises, another is no Python
    "endless",  # an answer never returns, or a cell never ends
    "forging",  # blank, but checks and outputs are overwritten
    "hostile",  # right, but one cell attacks: see `tools.grading.sample_attacks`
    "unreadable",  # no notebook, an empty file, an empty folder
)
WRONG: Final = {
    "slide_kernel": """\
def slide_kernel(image, kernel):
    height, width = kernel.shape
    rows, columns = image.shape[0] - height + 1, image.shape[1] - width + 1
    output, total = torch.zeros(rows, columns), 0
    for row in range(rows):
        for column in range(columns):
            window = image[row : row + height, column : column + width]
            total = total + (window * kernel).sum()
            output[row, column] = total
    return output
""",
    "first_row": "first_row = (-11, -20, -45, -70)",
    "move_left": "move_left = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 0, 0]])",
    "output_size": """\
def output_size(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size) / stride + 1
""",
}
BROKEN: Final = {
    "pad_zeros": "def pad_zeros(image, padding):\n    return imag",
    "output_size": "def output_size(size, kernel_size)\n    return 1",
    "first_row": "first_row = (1, 2, 3, 4)[9]",
}
ENDLESS: Final = {
    "slide_kernel": "def slide_kernel(image, kernel):\n    while True:\n        pass",
    "first_row": "while True:\n    pass\nfirst_row = (-11, -20, -25, -25)",
}
FORGED: Final = (
    "class Passed:\n    passed = True\n\n"
    "class checks:\n    check_slide_kernel = staticmethod(lambda answer: Passed())"
)
UNREADABLE: Final = ("{no notebook", "", None)  # None: a folder without a file


@dataclass(frozen=True)
class Sample:
    """One submission: its kind, its notebook (or None), and what it should earn.

    Attributes:
        kind: One of `KINDS`.
        text: The content of the file; None for a folder without one.
        right: Names of the answers that are right.
    """

    kind: str
    text: str | None
    right: frozenset[str]


class Maker:
    """Makes submissions from the two versions of the lesson."""

    def __init__(self, project: Project) -> None:
        (lesson,) = project.lessons([NUMBER])
        self.lesson = lesson.name
        self.outline = read_outline(project, lesson)
        self.books: Mapping[Version, NotebookNode] = assemble(project, lesson)
        self.answers = frozenset(task.answer for task in self.outline.tasks)

    def make(self, kind: str, turn: int, *, tame: bool = False) -> Sample:
        """Make one of a kind.

        Args:
            kind: One of `KINDS`.
            turn: How many of the kind there are already; variants take turns.
            tame: Attack only for show (see `tools.grading.sample_attacks`).

        Raises:
            ValueError: If there is no such kind.
        """
        match kind:
            case "right":
                return Sample(kind, self.notebook({}), self.answers)
            case "blank":
                return Sample(kind, self.notebook({}, solved=False), frozenset())
            case "mistaken":
                names = random.Random(turn).sample(sorted(WRONG), 1 + turn % 3)
                return self._with_wrong(kind, {name: WRONG[name] for name in names})
            case "broken":
                return self._with_wrong(kind, BROKEN)
            case "endless":
                name = sorted(ENDLESS)[turn % len(ENDLESS)]
                return self._with_wrong(kind, {name: ENDLESS[name]})
            case "forging":
                return Sample(kind, self.forged(), frozenset())
            case "hostile":
                attack = list(ATTACKS.values())[turn % len(ATTACKS)]
                text = self.notebook({}, extra=attack.written(tame=tame))
                survives = attack.survives or tame
                return Sample(kind, text, self.answers if survives else frozenset())
            case "unreadable":
                text_or_none = UNREADABLE[turn % len(UNREADABLE)]
                return Sample(kind, text_or_none, frozenset())
        raise ValueError(f"kind {kind!r}; expected one of {', '.join(KINDS)}")

    def notebook(
        self, replaced: Mapping[str, str], *, solved: bool = True, extra: str = ""
    ) -> str:
        """The lesson's notebook with some answers replaced, and a cell put in."""
        book = self.books["worked" if solved else "student"]
        known = {cell.id for cell in self.books["student"].cells}
        cells = []
        for cell in book.cells:
            if cell.id in known:
                source = self._replaced(cell.source, replaced)
                cells.append(new_cell(cell.cell_type, source, cell.id))
        if extra:
            imports = next(n for n, cell in enumerate(cells) if _CHECKS in cell.source)
            cells.insert(imports + 1, new_cell("code", extra, "extra"))
        return to_text(new_notebook(cells))

    def forged(self) -> str:
        """Unanswered, with checks that say PASS and outputs to match."""
        text = self.notebook({}, solved=False, extra=FORGED)
        calls = [f"checks.{t.check}({t.answer})" for t in self.outline.tasks]
        for call in calls[1:]:
            text = text.replace(call, "print('✓ PASS')")
        return text.replace('"outputs": []', '"outputs": [' + _FORGED_OUTPUT + "]")

    def _with_wrong(self, kind: str, wrong: Mapping[str, str]) -> Sample:
        return Sample(kind, self.notebook(wrong), self.answers - wrong.keys())

    def _replaced(self, source: str, replaced: Mapping[str, str]) -> str:
        for name, wrong in replaced.items():
            if source.lstrip().startswith((f"def {name}(", f"{name} = ")):
                return wrong
        return source


_CHECKS: Final = f"from course_utils.checks import lesson{NUMBER} as checks"
_FORGED_OUTPUT: Final = (
    '{"name": "stdout", "output_type": "stream", "text": ["✓ PASS · 44 of 44"]}'
)


def write_samples(
    project: Project, folder: Path, count: int = 50, *, tame: bool = False
) -> dict[str, Sample]:
    """Write ``count`` submissions, the kinds in turn, and return them by student.

    A roster, ``roster.csv``, lies beside them.
    """
    maker, made = Maker(project), {}
    for number in range(count):
        turn, index = divmod(number, len(KINDS))
        sample = maker.make(KINDS[index], turn, tame=tame)
        student = f"sample{number:02}-{sample.kind}"
        path = folder / _place(number, student, maker.lesson)
        path.parent.mkdir(parents=True, exist_ok=True)
        if sample.text is not None:
            path.write_text(sample.text, "utf-8")
        elif path.parent == folder:
            path.write_bytes(b"\xff\xfe no text")
        made[student] = sample
    lines = ["id,name", *(f"{student},{student}" for student in made)]
    (folder / "roster.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return made


def _place(number: int, student: str, lesson: str) -> Path:
    """Where a submission lies: from Moodle, as a clone, or from an e-mail."""
    return (
        Path(f"{student}_{9000 + number}_assignsubmission_file_") / f"{lesson}.ipynb",
        Path(student) / "my_work" / f"{lesson}.ipynb",
        Path(f"{student}_{lesson}.ipynb"),
    )[number % 3]
