"""The doctor: each fault is found, named and given a remedy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from course_utils import doctor as doctor_module
from course_utils import machine
from course_utils.doctor import GIB, Problem, Report, diagnose, doctor, main
from course_utils.machine import OLDEST, Facts, gather, without_names

ROOT = Path(__file__).parents[1]
SOUND = Facts(
    versions={"course_utils": "0.1.0", **OLDEST},
    system="Linux 6.1, x86_64",
    device="cpu: Some Processor, 2 cores",
    threads=2,
    free_memory=8 * GIB,
    free_disk=50 * GIB,
)


def found(**changes: Any) -> Problem:
    """Return the one problem of a machine that is sound but for these changes."""
    (problem,) = diagnose(replace(SOUND, **changes))
    return problem


def with_version(name: str, version: str | None) -> dict[str, Any]:
    return {"versions": {**SOUND.versions, name: version}}


def test_sound_machine_has_no_problems() -> None:
    report = Report(SOUND, tuple(diagnose(SOUND)))
    assert report.problems == ()
    assert report.works
    assert report.verdict == "Everything that the lessons need is there."


@pytest.mark.parametrize(
    ("changes", "what", "remedy", "essential"),
    [
        (
            with_version("torch", "2.7.1+cpu"),
            f"torch is 2.7.1+cpu; the lessons need {OLDEST['torch']} or newer",
            f'run: python -m pip install "torch>={OLDEST["torch"]}", then restart',
            True,
        ),
        (
            with_version("torchvision", None),
            "torchvision is missing",
            f'run: python -m pip install "torchvision>={OLDEST["torchvision"]}", then',
            True,
        ),
        (with_version("anywidget", None), "anywidget is missing", "pip install", True),
        (with_version("ipywidgets", "7.6.5"), "ipywidgets is 7.6.5", ">=7.7", True),
        (
            with_version("jupyterlab", None),
            "jupyterlab is missing",
            "pip install",
            False,
        ),
        (
            with_version("python", "3.10.12"),
            "python is 3.10.12; the lessons need 3.11 or newer",
            "install Python 3.11 or newer and make a new environment",
            True,
        ),
        (
            {"broken": {"torchvision": "RuntimeError: operator nms does not exist"}},
            f"torchvision {OLDEST['torchvision']} cannot be imported (Runtime",
            "run: python -m pip install --force-reinstall torch torchvision",
            True,
        ),
        (
            {"free_disk": 0},
            "only 0.0 GiB of disk space are free",
            "empty the bin",
            True,
        ),
        ({"free_disk": GIB}, "only 1.0 GiB of disk space are free", "empty", False),
        ({"free_memory": GIB // 2}, "only 0.5 GiB of memory are free", "close", False),
        (
            {"missing_photographs": ("china", "camera")},
            "photographs are missing: china, camera",
            "run: python -m pip install --force-reinstall scikit-image scikit-learn",
            True,
        ),
        (
            {"idle_gpu": True},
            "there is an NVIDIA driver, but torch computes on the processor",
            "choose the build for your driver",
            False,
        ),
    ],
)
def test_fault_is_named_with_its_remedy(
    changes: dict[str, Any], what: str, remedy: str, essential: bool
) -> None:
    problem = found(**changes)
    assert problem.what.startswith(what)
    assert remedy in problem.remedy
    assert problem.essential is essential


def test_unknown_amount_of_memory_is_no_problem() -> None:
    facts = replace(SOUND, free_memory=None)
    assert diagnose(facts) == []
    assert "free memory   unknown" in repr(Report(facts, ()))


def test_essential_problems_come_first() -> None:
    facts = replace(SOUND, idle_gpu=True, free_disk=0)
    assert [problem.essential for problem in diagnose(facts)] == [True, False]


@pytest.mark.parametrize(
    ("weights", "line"),
    [
        ((), "networks      none yet: make weights"),
        (("resnet18", "squeezenet1_1"), "networks      resnet18, squeezenet1_1"),
    ],
)
def test_networks_at_hand_are_listed(weights: tuple[str, ...], line: str) -> None:
    facts = replace(SOUND, weights=weights)
    assert diagnose(facts) == []
    assert line in repr(Report(facts, ())).splitlines()


def test_without_torchvision_no_network_is_at_hand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = machine.installed
    monkeypatch.setattr(
        machine,
        "installed",
        lambda name: None if name == "torchvision" else known(name),
    )
    assert gather().weights == ()


def test_report_says_first_what_is_wrong() -> None:
    facts = replace(SOUND, idle_gpu=True, **with_version("anywidget", None))
    report = Report(facts, tuple(diagnose(facts)))
    lines = repr(report).splitlines()
    assert not report.works
    assert lines[0] == "To mend: 1. Worth knowing: 1."
    assert lines[1].startswith("✗ anywidget is missing → run: ")
    assert lines[2].startswith("! there is an NVIDIA driver")
    assert "widgets       cannot be shown" in lines
    assert "anywidget     missing" in lines


def test_report_fits_on_a_screen() -> None:
    assert len(repr(doctor()).splitlines()) <= 24


def test_html_is_a_table_with_headings_and_no_raw_markup() -> None:
    facts = replace(SOUND, broken={"torch": "OSError: <lib> & co"})
    html = Report(facts, tuple(diagnose(facts)))._repr_html_()
    page = ET.fromstring(f"<div>{html}</div>")
    assert page.findtext("./table/caption") == "This machine"
    headings = [cell.text for cell in page.iterfind(".//th[@scope='row']")]
    assert headings[:3] == ["course_utils", "python", "torch"]
    assert "<lib> & co" in (page.findtext("./ul/li") or "")


def test_this_machine_is_found_out() -> None:
    facts = gather()
    assert list(facts.versions) == ["course_utils", *OLDEST]
    assert facts.broken == {}
    assert facts.missing_photographs == ()
    assert facts.free_disk > 0
    assert facts.threads >= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no /home/ada/.venv/lib.so", "no ~/.venv/lib.so"),
        ("no /scratch/ada/lib.so", "no /scratch/…/lib.so"),
        (r"no D:\users\ada\lib.dll", r"no D:\users\…\lib.dll"),
        ("adapt", "adapt"),
    ],
)
def test_report_names_nobody(text: str, expected: str) -> None:
    assert without_names(text, home="/home/ada", user="ada") == expected


def test_text_without_a_home_or_user_stays_as_it_is() -> None:
    assert without_names("/opt/lib.so", home="/", user="") == "/opt/lib.so"


def test_broken_package_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator missing')")
    done = subprocess.run(
        [sys.executable, "-m", "course_utils.doctor"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot be imported (RuntimeError: operator missing)" in done.stdout


@pytest.mark.parametrize(("free_disk", "code"), [(50 * GIB, 0), (GIB, 0), (0, 1)])
def test_command_fails_only_if_something_essential_is_broken(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    free_disk: int,
    code: int,
) -> None:
    facts = replace(SOUND, free_disk=free_disk)
    monkeypatch.setattr(doctor_module, "gather", lambda: facts)
    assert main() == code
    assert "course_utils  0.1.0" in capsys.readouterr().out


def test_oldest_python_and_jupyterlab_are_those_that_set_up_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"] == f">={OLDEST['python']}"
    listed = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    jupyterlab = re.escape(OLDEST["jupyterlab"])
    assert re.search(rf"^jupyterlab>={jupyterlab}\s", listed, re.MULTILINE)
