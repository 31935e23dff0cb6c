"""The range of versions: recipes hold what they promise, and the table tells all."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from course_utils.packages import NEEDED, ON_REQUEST, older
from tools import versions
from tools.checks.result import StepResult
from tools.versioning import environments, runs
from tools.versioning.environments import RECIPES, Environment, InstallError, Recipe

ROOT = Path(__file__).parents[1]
FOUND = {"python": "3.11.7", "torch": "2.11.0", "torchvision": "0.26.0"}


def on_colab() -> dict[str, str]:
    """The versions that Colab brings, by package."""
    lines = (ROOT / "tools/versioning/colab.txt").read_text().splitlines()
    pinned = [Requirement(line) for line in lines if not line.startswith("#")]
    return {r.name.lower(): str(r.specifier).removeprefix("==") for r in pinned}


def test_colab_brings_what_the_library_needs() -> None:
    pinned = on_colab()
    assert [n for n, bound in NEEDED.items() if older(pinned[n], bound)] == []
    assert pinned["ipywidgets"] == "7.7.1"
    assert not older(pinned["pycocotools"], ON_REQUEST["pycocotools"])


def test_the_oldest_environment_has_the_lower_bounds_themselves() -> None:
    (oldest,) = [recipe for recipe in RECIPES if recipe.name == "oldest"]
    assert oldest.packages == (
        *("--resolution", "lowest-direct"),
        *("-r", "requirements.txt", "pip>=23.2"),
    )


def test_torch_and_torchvision_are_a_pair() -> None:
    # torchvision 0.(n + 15) is built for torch 2.n
    for torch, torchvision in (
        (NEEDED["torch"], NEEDED["torchvision"]),
        (on_colab()["torch"], on_colab()["torchvision"]),
    ):
        assert Version(torchvision).minor == Version(torch).minor + 15


def test_the_fast_tests_are_those_of_the_library() -> None:
    chosen = runs.fast_tests()
    assert "tests/test_arithmetic.py" in chosen
    assert "tests/test_exercises.py" in chosen
    assert "tests/test_quiz.py" in chosen
    assert not [name for name in chosen if re.search(r"test_(build|check)_", name)]


def prove(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recipe: Recipe
) -> versions.Row:
    monkeypatch.setattr(versions, "FOLDER", tmp_path)
    return versions.prove(recipe, cpu=True, keep=False)


def test_an_environment_that_cannot_be_made_fails_with_the_installers_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = Recipe("oldest", "3.11", ("no-such-package-==",))
    found, result = prove(monkeypatch, tmp_path, broken)
    assert (found, result.status, result.detail) == ({}, "failed", "not installed")
    assert "no-such-package-==" in result.messages[0]
    assert list(tmp_path.iterdir()) == []


def test_where_the_wanted_python_is_missing_this_one_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def make(*arguments: str) -> None:
        if arguments[:2] == ("python", "find"):
            raise InstallError("no such Python")
        calls.append(arguments)

    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(environments, "_uv", make)
    monkeypatch.setattr(environments.subprocess, "run", _facts)
    environments.make(Recipe("newest", "9.9", ("x",)), tmp_path / "e", cpu=True)
    venv, install = calls
    assert venv[:2] == ("venv", "--python")
    assert Path(venv[2]).exists()
    assert install[-3:] == ("--torch-backend", "cpu", "x")


def _facts(*_: object, **__: object) -> object:
    return type("Done", (), {"stdout": '{"torch": "2.11.0"}'})


def test_the_notebooks_run_on_colab_and_the_tests_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def make(recipe: Recipe, folder: Path, *, cpu: bool) -> Environment:
        folder.mkdir()
        return Environment(recipe.name, folder / "python", FOUND)

    monkeypatch.setattr(versions, "make", make)
    for what in ("lessons", "library"):
        monkeypatch.setattr(
            runs, what, lambda e, what=what: StepResult(e.name, "passed", what)
        )
    rows = [prove(monkeypatch, tmp_path, recipe) for recipe in RECIPES]
    ran = {result.name: result.detail for _, result in rows}
    assert ran.pop("colab") == "lessons"
    assert set(ran.values()) == {"library"}
    assert list(tmp_path.iterdir()) == []


def test_the_table_shows_versions_and_results_in_columns() -> None:
    rows = [
        (FOUND, StepResult("oldest", "passed", "9 tests passed", seconds=61.2)),
        ({}, StepResult("newest", "failed", "not installed")),
    ]
    heading, oldest, newest = versions.table(rows).splitlines()
    assert heading.index("result") == oldest.index("passed") == newest.index("failed")
    assert oldest.split()[:4] == ["oldest", "3.11.7", "2.11.0", "0.26.0"]
    assert oldest.endswith("61 s  9 tests passed")


def test_an_unknown_environment_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        versions.main(["ancient"])
    assert "expected some of oldest, locked, newest, colab" in capsys.readouterr().err
