"""The first cell's question: what is missing or too old is named, with the remedy."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from course_utils import packages
from course_utils.packages import NEEDED, ON_REQUEST, older, require
from tests.test_requirements import DISTRIBUTIONS, imported
from tools.building.assemble import setup_source
from tools.building.project import Project

ROOT = Path(__file__).parents[1]


def pretend(monkeypatch: pytest.MonkeyPatch, **versions: str | None) -> None:
    """Let all packages be as new as needed, but for those given."""
    here = {**NEEDED, **ON_REQUEST, **versions}
    monkeypatch.setattr(packages, "installed", here.get)


def complaint(*on_request: str) -> str:
    with pytest.raises(ImportError) as caught:
        require(*on_request)
    return str(caught.value)


def test_here_nothing_is_missing() -> None:
    require(*ON_REQUEST)


def test_the_oldest_versions_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch)
    require(*ON_REQUEST)


def test_every_missing_package_is_named_with_one_command_for_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, anywidget=None, tqdm="4.2", torchmetrics=None)
    monkeypatch.setitem(sys.modules, "ipykernel", packages)
    said = complaint("torchmetrics")
    assert f"anywidget {NEEDED['anywidget']} or newer (there is none)" in said
    assert f"tqdm {NEEDED['tqdm']} or newer (this is 4.2)" in said
    assert said.endswith(
        f'%pip install "anywidget>={NEEDED["anywidget"]}" '
        f'"tqdm>={NEEDED["tqdm"]}" "torchmetrics>={ON_REQUEST["torchmetrics"]}"'
    )


def test_in_a_terminal_the_command_is_one_for_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, anywidget=None)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert "\n  python -m pip install " in complaint()


def test_what_a_lesson_does_not_ask_for_may_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(monkeypatch, torchmetrics=None)
    require("pycocotools")


@pytest.mark.parametrize("name", ["torch", "torchvision"])
def test_nobody_is_told_to_install_another_torch_over_the_machines(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pretend(monkeypatch, **{name: "0.1+cu118"})
    said = complaint()
    assert f"{name} {NEEDED[name]} or newer (this is 0.1+cu118)" in said
    assert "On Colab: menu Runtime, Change runtime type" in said
    assert "install" not in said


@pytest.mark.parametrize(
    ("version", "bound"),
    [("2.9.1+cpu", "2.11"), ("0.9.12", "0.9.13"), ("3.11", "3.11.2"), ("dev", "1.0")],
)
def test_versions_are_compared_as_numbers(version: str, bound: str) -> None:
    assert older(version, bound)
    assert not older(bound, version)


def test_the_first_cells_ask_for_what_the_wheel_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = {**NEEDED, **ON_REQUEST}
    declared = project["project"]["dependencies"]
    assert sorted(declared) == sorted(f"{n}>={bound}" for n, bound in asked.items())


def test_the_lower_bounds_are_those_of_the_requirements() -> None:
    listed = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    bounds = dict(re.findall(r"^([\w-]+)>=([\d.]+)", listed, re.MULTILINE))
    # Colab's are older than those that JupyterLab needs
    assert older(NEEDED["ipywidgets"], bounds.pop("ipywidgets"))
    asked = {**NEEDED, **ON_REQUEST}
    assert {n: asked[n] for n in bounds if n in asked} == {
        n: bound for n, bound in bounds.items() if n in asked
    }


@pytest.mark.parametrize(
    "lesson", sorted((ROOT / "lessons").glob("*.py")), ids=lambda p: p.stem[:2]
)
def test_the_first_cell_asks_for_all_that_a_lesson_imports(lesson: Path) -> None:
    source = lesson.read_text(encoding="utf-8")
    setup = setup_source(Project(ROOT, "owner/name", "v1"), [source])
    asked = {*NEEDED, *re.findall(r'"([\w-]+)"', setup.splitlines()[-1])}
    modules = {name.partition(".")[0] for name in imported([lesson])}
    modules -= {"course_utils", *sys.stdlib_module_names}
    assert {DISTRIBUTIONS.get(name, name) for name in modules} <= asked
