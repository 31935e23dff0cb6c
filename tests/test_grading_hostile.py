"""Whatever a submission does, it costs only itself."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.grading_books import RIGHT, STUBS, book, cells, outline, solved
from tests.grading_reports import ALL, grade, right
from tools.grading.jobs import Job
from tools.grading.limits import Limits, usage_below
from tools.grading.workshop import Workshop, WorkshopError


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    with closing(Workshop(outline())) as opened:
        yield opened


def test_right_answers_earn_all_points(workshop: Workshop) -> None:
    report = grade(workshop, solved())
    assert right(report) == ALL
    assert (report.problem, report.errors) == ("", [])


def test_stubs_are_not_attempted(workshop: Workshop) -> None:
    report = grade(workshop, book(cells()))
    assert {mark.verdict for mark in report.marks} == {"NOT ATTEMPTED"}


def test_known_mistake_is_named_with_its_hint(workshop: Workshop) -> None:
    report = grade(workshop, solved(row="first_row = (-11, -20, -45, -70)"))
    assert report.marks[1].mistake == "as_printed"
    assert right(report) == ALL - {"check_first_row"}


def test_cell_that_raises_costs_only_its_exercise(workshop: Workshop) -> None:
    report = grade(workshop, solved(row="first_row = (1, 2)[5]"))
    assert right(report) == ALL - {"check_first_row"}
    assert report.errors[0].startswith("IndexError in cell")


def test_cell_that_is_no_python_costs_only_its_exercise(workshop: Workshop) -> None:
    report = grade(workshop, solved(size="def output_size(:\n    pass"))
    assert right(report) == ALL - {"check_output_size"}


def test_endless_cell_is_stopped_and_the_others_count(workshop: Workshop) -> None:
    endless = "while True:\n    try:\n        pass\n    except Exception:\n        pass"
    report = grade(workshop, solved(row=endless))
    assert right(report) == ALL - {"check_first_row"}
    assert "still running after 1.5 s" in report.errors[0]


def test_endless_machine_code_keeps_the_points_before_it(workshop: Workshop) -> None:
    limits = Limits(seconds=4, cell_seconds=1)
    report = grade(workshop, solved(row="first_row = sum(range(10**14))"), limits)
    assert "check_slide_kernel" in right(report)
    assert report.problem


def test_process_that_ends_itself_keeps_the_points_before_it(
    workshop: Workshop,
) -> None:
    report = grade(workshop, solved(row="import os\nos._exit(0)"))
    assert right(report) == {"check_slide_kernel"}
    assert "ended at cell" in report.problem


@pytest.mark.parametrize(
    "forgery",
    [
        "class Good:\n    passed = True\nchecks.check_slide_kernel = lambda a: Good()",
        "import course_utils.checks.engine as e\n"
        "e.Exercise.__call__ = lambda self, answer: e.CheckResult('PASS', '', '')",
        "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True",
        "import course_utils.checks.compare as c\nc.difference = lambda *a, **k: None\n"
        "import course_utils.checks.engine as e\ne.difference = c.difference",
        "slide_kernel = checks.check_slide_kernel.reference",
        "slide_kernel = checks.check_slide_kernel.mistakes[0].wrong",
    ],
)
def test_overwritten_check_earns_nothing(workshop: Workshop, forgery: str) -> None:
    report = grade(workshop, solved(slide=f"{STUBS['slide']}\n{forgery}"))
    assert "check_slide_kernel" not in right(report)


def test_forged_messages_to_the_grader_earn_nothing(workshop: Workshop) -> None:
    forged = (
        "import os\n"
        "for fd in range(3, 50):\n"
        "    try:\n"
        '        os.write(fd, b"{\\"check\\": \\"check_first_row\\"}\\n")\n'
        "    except OSError:\n"
        "        pass\n"
    )
    report = grade(workshop, book(cells(row=forged)))
    assert right(report) == set()


def test_flood_of_output_costs_nothing(workshop: Workshop) -> None:
    flood = "while True:\n    print('x' * 2**20)"
    assert right(grade(workshop, solved(first=flood))) == ALL


def test_flood_of_files_is_stopped_by_the_kernel(workshop: Workshop) -> None:
    write = "with open('big', 'wb') as file:\n    file.write(bytes(64 * 2**20))"
    report = grade(workshop, solved(first=write))
    assert right(report) in (ALL, set())  # an error of its cell, or its end
    assert report.errors or report.problem


def test_memory_is_refused_beyond_the_limit(workshop: Workshop) -> None:
    greedy = "held = []\nwhile True:\n    held.append(bytearray(64 * 2**20))"
    report = grade(workshop, solved(first=greedy))
    assert any("MemoryError" in error for error in report.errors)


def test_fork_bomb_ends_with_its_submission(workshop: Workshop) -> None:
    bomb = (
        "import os, time\n"
        "while True:\n"
        "    try:\n        child = os.fork()\n"
        "    except OSError:\n        break\n"
        "    if child == 0:\n        os.setsid()\n        time.sleep(60)\n"
    )
    report = grade(workshop, solved(row=bomb))
    assert "check_slide_kernel" in right(report)
    assert "check_first_row" not in right(report)
    assert "processes" in report.problem + "".join(report.errors)
    assert _children_of(workshop) == 0


def test_fork_that_comes_back_is_not_graded_in_its_parents_place(
    workshop: Workshop,
) -> None:
    fork = "import os\nif os.fork():\n    os.wait()\nelse:\n    first_row = 'child'"
    report = grade(workshop, solved(row=f"first_row = 'parent'\n{fork}"))
    assert right(report) == ALL - {"check_first_row"}
    assert "'child'" not in report.marks[1].message


def _children_of(workshop: Workshop) -> int:
    """Processes below the zygote; the referee and all below it have ended."""
    assert workshop._process is not None
    return len(usage_below(workshop._process.pid).processes)


@pytest.mark.parametrize(
    "cell",
    ["x = '\ud800'", "x = 1\0", "-" * 100_000 + "1", "raise ValueError('\\ud800')"],
    ids=["half a character", "null byte", "nested", "half a character in an error"],
)
def test_text_that_trips_a_parser_costs_only_itself(
    workshop: Workshop, cell: str
) -> None:
    report = grade(workshop, solved(first=cell))
    assert (right(report), report.problem) == (ALL, "")
    "".join(report.errors).encode("utf-8")  # it can stand on a page


def test_answer_that_leaves_is_only_wrong(workshop: Workshop) -> None:
    leaves = "def slide_kernel(image, kernel):\n    raise SystemExit"
    assert right(grade(workshop, solved(slide=leaves))) == ALL - {"check_slide_kernel"}


def test_name_that_only_running_gives_has_the_whole_notebook_run(
    workshop: Workshop,
) -> None:
    hidden = "if True:\n    import builtins\nslide_kernel = SOLVER"
    report = grade(workshop, solved(slide=hidden))
    assert report.whole


def test_own_numbers_decide_where_there_are_any(workshop: Workshop) -> None:
    own = outline().exercises()["check_first_row"].redrawn(3)
    job = Job(solved(row=f"first_row = {own.reference}"), own={"check_first_row": 3})
    assert right(workshop.grade(job)) == ALL
    job = Job(solved(row=RIGHT["row"]), own={"check_first_row": 3})
    assert right(workshop.grade(job)) == ALL - {"check_first_row"}


def test_submission_ends_with_a_grader_that_is_killed(workshop: Workshop) -> None:
    sleeper = Job(solved(row="import time\ntime.sleep(50)"))
    assert workshop._process is not None
    with ThreadPoolExecutor() as pool:
        graded = pool.submit(workshop.grade, sleeper)
        while len(below := usage_below(workshop._process.pid).processes) < 3:
            time.sleep(0.05)  # referee, keeper, notebook
        os.killpg(workshop._process.pid, signal.SIGKILL)
        with pytest.raises(WorkshopError):
            graded.result()
    time.sleep(0.2)
    assert [pid for pid in below if _is_alive(pid)] == []


def _is_alive(pid: int) -> bool:
    path = Path(f"/proc/{pid}/stat")
    return path.exists() and path.read_text().rpartition(") ")[2][0] != "Z"
