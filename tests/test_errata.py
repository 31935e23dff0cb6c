"""The errata come from the tests, and each fault is quoted where they say."""

from pathlib import Path

import pytest

from tests.notebooks import ROOT, read
from tools.writing.errata import Fault, faults

FAULTS = list(faults(ROOT))
MARKED = """
@pytest.mark.fault(
    title="t", lecture="I", said="s", right="r", lesson="02", heading="h", quote="q"
)
def test_it() -> None: ...

def test_another() -> None: ...
"""


def test_marked_tests_are_the_errata(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(MARKED, "utf-8")
    proof = "tests/test_it.py::test_it"
    assert list(faults(tmp_path)) == [Fault("t", "I", "s", "r", "02", "h", "q", proof)]


def test_both_lectures_have_an_entry() -> None:
    assert {fault.lecture for fault in FAULTS} == {"I", "C"}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.title)
def test_fault_is_quoted_in_its_lesson(fault: Fault) -> None:
    cells = read(fault.lesson, worked=False).cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert fault.quote in "\n".join(prose)
