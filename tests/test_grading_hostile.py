"""Each submission in a world of its own: whatever it does, it costs only itself."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.grading_books import RIGHT, STUBS, book, cells, outline, solved
from tools.grading.confine import Isolation
from tools.grading.jobs import Job, Report
from tools.grading.limits import MEBIBYTE, Limits, usage_below
from tools.grading.workshop import Workshop, WorkshopError

LIMITS = Limits(
    seconds=20,
    cell_seconds=1.5,
    memory=512 * MEBIBYTE,
    file_size=8 * MEBIBYTE,
    processes=12,
)
ALL = {"check_slide_kernel", "check_first_row", "check_output_size"}


@pytest.fixture(scope="module")
def workshop() -> Iterator[Workshop]:
    made = closing(Workshop(outline()))
    with pytest.MonkeyPatch.context() as patch, made as opened:
        patch.setenv("TEACHERS_TOKEN", "abc")
        yield opened


def _grade(
    workshop: Workshop, text: str, limits: Limits = LIMITS, isolation: str = ""
) -> Report:
    return workshop.grade(Job(text, limits=limits, isolation=isolation))


def _right(report: Report) -> set[str]:
    return {mark.check for mark in report.marks if mark.earned}


def test_right_answers_earn_all_points(workshop: Workshop) -> None:
    report = _grade(workshop, solved())
    assert _right(report) == ALL
    assert (report.problem, report.errors) == ("", [])


def test_stubs_are_not_attempted(workshop: Workshop) -> None:
    report = _grade(workshop, book(cells()))
    assert {mark.verdict for mark in report.marks} == {"NOT ATTEMPTED"}


def test_known_mistake_is_named_with_its_hint(workshop: Workshop) -> None:
    report = _grade(workshop, solved(row="first_row = (-11, -20, -45, -70)"))
    assert report.marks[1].mistake == "as_printed"
    assert _right(report) == ALL - {"check_first_row"}


def test_cell_that_raises_costs_only_its_exercise(workshop: Workshop) -> None:
    report = _grade(workshop, solved(row="first_row = (1, 2)[5]"))
    assert _right(report) == ALL - {"check_first_row"}
    assert report.errors[0].startswith("IndexError in cell")


def test_cell_that_is_no_python_costs_only_its_exercise(workshop: Workshop) -> None:
    report = _grade(workshop, solved(size="def output_size(:\n    pass"))
    assert _right(report) == ALL - {"check_output_size"}


def test_endless_cell_is_stopped_and_the_others_count(workshop: Workshop) -> None:
    endless = "while True:\n    try:\n        pass\n    except Exception:\n        pass"
    report = _grade(workshop, solved(row=endless))
    assert _right(report) == ALL - {"check_first_row"}
    assert "still running after 1.5 s" in report.errors[0]


def test_endless_machine_code_keeps_the_points_before_it(workshop: Workshop) -> None:
    limits = Limits(seconds=4, cell_seconds=1)
    report = _grade(workshop, solved(row="first_row = sum(range(10**14))"), limits)
    assert "check_slide_kernel" in _right(report)
    assert report.problem


def test_process_that_ends_itself_keeps_the_points_before_it(
    workshop: Workshop,
) -> None:
    report = _grade(workshop, solved(row="import os\nos._exit(0)"))
    assert _right(report) == {"check_slide_kernel"}
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
    report = _grade(workshop, solved(slide=f"{STUBS['slide']}\n{forgery}"))
    assert "check_slide_kernel" not in _right(report)


def test_forged_messages_to_the_grader_earn_nothing(workshop: Workshop) -> None:
    forged = (
        "import os\n"
        "for fd in range(3, 50):\n"
        "    try:\n"
        '        os.write(fd, b"{\\"check\\": \\"check_first_row\\"}\\n")\n'
        "    except OSError:\n"
        "        pass\n"
    )
    report = _grade(workshop, book(cells(row=forged)))
    assert _right(report) == set()


def test_flood_of_output_costs_nothing(workshop: Workshop) -> None:
    flood = "while True:\n    print('x' * 2**20)"
    assert _right(_grade(workshop, solved(first=flood))) == ALL


def test_flood_of_files_is_stopped_by_the_kernel(workshop: Workshop) -> None:
    write = "with open('big', 'wb') as file:\n    file.write(bytes(64 * 2**20))"
    report = _grade(workshop, solved(first=write))
    assert _right(report) in (ALL, set())  # an error of its cell, or its end
    assert report.errors or report.problem


def test_memory_is_refused_beyond_the_limit(workshop: Workshop) -> None:
    greedy = "held = []\nwhile True:\n    held.append(bytearray(64 * 2**20))"
    report = _grade(workshop, solved(first=greedy))
    assert any("MemoryError" in error for error in report.errors)


def test_fork_bomb_ends_with_its_submission(workshop: Workshop) -> None:
    bomb = (
        "import os, time\n"
        "while True:\n"
        "    try:\n        child = os.fork()\n"
        "    except OSError:\n        break\n"
        "    if child == 0:\n        os.setsid()\n        time.sleep(60)\n"
    )
    report = _grade(workshop, solved(row=bomb))
    assert "check_slide_kernel" in _right(report)
    assert "check_first_row" not in _right(report)
    assert "processes" in report.problem + "".join(report.errors)
    assert _children_of(workshop) == 0


def test_fork_that_comes_back_is_not_graded_in_its_parents_place(
    workshop: Workshop,
) -> None:
    fork = "import os\nif os.fork():\n    os.wait()\nelse:\n    first_row = 'child'"
    report = _grade(workshop, solved(row=f"first_row = 'parent'\n{fork}"))
    assert _right(report) == ALL - {"check_first_row"}
    assert "'child'" not in report.marks[1].message


def _children_of(workshop: Workshop) -> int:
    """Processes below the zygote; the referee and all below it have ended."""
    assert workshop._process is not None
    return len(usage_below(workshop._process.pid).processes)


def _seen(
    workshop: Workshop, expression: str, before: str = "", isolation: str = ""
) -> str:
    """What an expression gives inside, told by a wrong answer or an error's text."""
    answer = f"{before}\nfirst_row = {expression}"
    report = _grade(workshop, solved(row=answer), isolation=isolation)
    return report.marks[1].message + "; ".join(report.errors)


def test_other_submissions_are_out_of_reach(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "bob.ipynb").write_text("bob's answers")
    seen = _seen(workshop, f"open({str(tmp_path / 'bob.ipynb')!r}).read()")
    assert "bob's answers" not in seen
    assert "Error" in seen


def test_nothing_is_written_outside(workshop: Workshop, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    target = tmp_path / "was_here"
    before = f"import os\nos.makedirs({str(tmp_path)!r}, exist_ok=True)\n"
    _seen(workshop, f"open({str(target)!r}, 'w').write('x')", before)
    assert not target.exists()


def test_own_folder_can_be_written(workshop: Workshop) -> None:
    seen = _seen(workshop, "len(open('notes.txt').read())", _WRITES)
    assert "It is 5" in seen or "it is 5" in seen.lower()


_WRITES = "with open('notes.txt', 'w') as file:\n    file.write('notes')"


def test_library_cannot_be_changed(workshop: Workshop) -> None:
    import course_utils

    path = course_utils.__file__
    assert "Error" in _seen(workshop, f"open({path!r}, 'a').write('x')")


def test_there_is_no_network(workshop: Workshop) -> None:
    seen = _seen(
        workshop, "socket.create_connection(('127.0.0.1', 1), 2)", "import socket"
    )
    assert "Error" in seen
    assert "refused" not in seen  # that would be an answer from a network


def test_teachers_environment_is_not_inside(workshop: Workshop) -> None:
    assert "None" in _seen(workshop, "os.environ.get('TEACHERS_TOKEN')", "import os")


def test_one_submission_leaves_nothing_to_the_next(workshop: Workshop) -> None:
    _seen(workshop, "1", _WRITES.replace("notes.txt", "left.txt") + "\nimport json")
    assert "Error" in _seen(workshop, "open('left.txt').read()")


@pytest.mark.parametrize(
    "cell",
    ["x = '\ud800'", "x = 1\0", "-" * 100_000 + "1", "raise ValueError('\\ud800')"],
    ids=["half a character", "null byte", "nested", "half a character in an error"],
)
def test_text_that_trips_a_parser_costs_only_itself(
    workshop: Workshop, cell: str
) -> None:
    report = _grade(workshop, solved(first=cell))
    assert (_right(report), report.problem) == (ALL, "")
    "".join(report.errors).encode("utf-8")  # it can stand on a page


def test_answer_that_leaves_is_only_wrong(workshop: Workshop) -> None:
    leaves = "def slide_kernel(image, kernel):\n    raise SystemExit"
    assert _right(_grade(workshop, solved(slide=leaves))) == ALL - {
        "check_slide_kernel"
    }


def test_name_that_only_running_gives_has_the_whole_notebook_run(
    workshop: Workshop,
) -> None:
    hidden = "if True:\n    import builtins\nslide_kernel = SOLVER"
    report = _grade(workshop, solved(slide=hidden))
    assert report.whole


def test_own_numbers_decide_where_there_are_any(workshop: Workshop) -> None:
    own = outline().exercises()["check_first_row"].redrawn(3)
    job = Job(solved(row=f"first_row = {own.reference}"), own={"check_first_row": 3})
    assert _right(workshop.grade(job)) == ALL
    job = Job(solved(row=RIGHT["row"]), own={"check_first_row": 3})
    assert _right(workshop.grade(job)) == ALL - {"check_first_row"}


@pytest.mark.parametrize(
    "expression",
    [
        "open('<outside>/bob.ipynb').read()",
        "open('<outside>/new', 'w').write('x')",
        "__import__('os').remove('<outside>/bob.ipynb')",
        "__import__('os').listdir('<outside>')",
        "__import__('socket').create_connection(('127.0.0.1', 1))",
        "__import__('subprocess').run(['true'])",
        "__import__('os').fork()",
        "__import__('os').kill(1, 0)",
    ],
)
def test_without_namespaces_python_itself_refuses(
    workshop: Workshop, tmp_path: Path, expression: str
) -> None:
    (tmp_path / "bob.ipynb").write_text("bob's answers")
    text = expression.replace("<outside>", str(tmp_path))
    seen = _seen(workshop, text, isolation=Isolation.GUARDS)
    assert "ForbiddenError" in seen or "PermissionError" in seen
    assert [path.name for path in tmp_path.iterdir()] == ["bob.ipynb"]


def test_without_namespaces_right_answers_count(workshop: Workshop) -> None:
    report = _grade(workshop, solved(), isolation=Isolation.GUARDS)
    assert (_right(report), report.isolation) == (ALL, "guards")


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
