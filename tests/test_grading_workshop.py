"""The workshop: what it does when its own process breaks."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.grading_books import outline
from tools.grading import workshop
from tools.grading.jobs import Job
from tools.grading.workshop import Workshop, WorkshopError

# a zygote without PyTorch: the notebook's text says what it does
_STAND_IN = """
import json, os, sys
print("ready", flush=True)
for line in sys.stdin:
    request = json.loads(line)
    text = json.load(open(request["job"]))["text"]
    if text == "break":
        print("out of order", file=sys.stderr)
        os._exit(1)
    if text == "report":
        report = {"marks": [], "problem": os.environ.get("TEACHERS_TOKEN", "")}
        json.dump(report, open(request["report"], "w"))
    print(0, flush=True)
"""


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    (tmp_path / "zygote.py").write_text(_STAND_IN)
    command = (sys.executable, str(tmp_path / "zygote.py"))
    monkeypatch.setattr(workshop, "_ZYGOTE", command)
    monkeypatch.setenv("TEACHERS_TOKEN", "abc")
    with closing(Workshop(outline())) as made:
        yield made


def test_report_comes_back(opened: Workshop) -> None:
    assert opened.grade(Job("report")).marks == []


def test_environment_of_the_teacher_stays_outside(opened: Workshop) -> None:
    assert opened.grade(Job("report")).problem == ""


@pytest.mark.parametrize("job", ["break", "no report"])
def test_job_without_a_report_is_an_error_and_the_next_one_counts(
    opened: Workshop, job: str
) -> None:
    with pytest.raises(WorkshopError, match="broke"):
        opened.grade(Job(job))
    assert opened.grade(Job("report")).marks == []


def test_error_tells_the_last_words(opened: Workshop) -> None:
    with pytest.raises(WorkshopError, match="out of order"):
        opened.grade(Job("break"))


def test_folder_goes_with_the_workshop(opened: Workshop) -> None:
    opened.grade(Job("report"))
    opened.close()
    assert not opened._folder.exists()
