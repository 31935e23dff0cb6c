"""The set-up cell: silent where all is there, helpful where something is missing."""

import importlib.util
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.tiny_workbook import tiny_workbook
from tools.building.assemble import assemble, setup_source
from tools.building.project import Project


def run_setup(
    monkeypatch: pytest.MonkeyPatch, missing: set[str], code: int
) -> list[list[str]]:
    calls: list[list[str]] = []

    def pip(command: list[str], **_: object) -> SimpleNamespace:
        calls.append(command)
        return SimpleNamespace(returncode=code, stderr="ERROR: no route to host")

    def find_spec(name: str) -> object:
        return None if name in missing else object()

    monkeypatch.setattr(subprocess, "run", pip)
    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    exec(setup_source(Project(Path(), "owner/name", "v1.0.0")), {})
    return calls


def test_the_setup_cell_stands_before_the_parameters(tmp_path: Path) -> None:
    project = tiny_workbook(tmp_path)
    cells = assemble(project, project.lessons()[0])["student"].cells
    assert "pip" in cells[1].source
    assert cells[2].metadata.tags == ["parameters"]


def test_the_setup_cell_is_short() -> None:
    lines = setup_source(Project(Path(), "owner/name", "v1.0.0")).splitlines()
    assert len(lines) <= 18
    assert max(map(len, lines)) <= 88


def test_the_setup_cell_does_nothing_where_all_is_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_setup(monkeypatch, set(), 0) == []
    assert capsys.readouterr().out == ""


def test_the_setup_cell_installs_the_wheel_of_the_badges_tag_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (command,) = run_setup(monkeypatch, {"course_utils"}, 0)
    release = "https://github.com/owner/name/releases/download/v1.0.0"
    assert command[1:] == [
        *("-m", "pip", "install", "--no-deps"),
        f"{release}/cnn_workbook-1.0.0-py3-none-any.whl",
    ]


def test_the_setup_cell_says_what_is_missing_why_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ImportError) as caught:
        run_setup(monkeypatch, {"course_utils"}, 1)
    said = str(caught.value)
    assert said.startswith("course_utils is missing: connect to the internet and run")
    assert said.endswith("ERROR: no route to host")


@pytest.mark.parametrize(
    ("source", "packages"),
    [
        ("import torch", ""),
        ("# torchmetrics counts too", ""),
        ("from torchmetrics import classification", '"torchmetrics"'),
        (
            "try:\n    from torchmetrics.detection import MeanAveragePrecision",
            '"torchmetrics", "pycocotools"',
        ),
    ],
)
def test_the_setup_cell_asks_for_what_the_lesson_imports(
    source: str, packages: str
) -> None:
    setup = setup_source(Project(Path(), "owner/name", "v1.0.0"), [source])
    assert setup.splitlines()[-1] == f"packages.require({packages})"
