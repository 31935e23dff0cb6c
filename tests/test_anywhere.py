"""Binder, dev container, conda, hubs, clusters: what their files name is there."""

import json
import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tools.building.project import Project
from tools.checks.parameters import known_parameters
from tools.versioning.environments import RECIPES

ROOT = Path(__file__).parents[1]
PROJECT = Project.load()
PAGE = (ROOT / "docs" / "anywhere.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
COMMANDS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CPU_INDEX = "https://download.pytorch.org/whl/cpu"


def conda() -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load((ROOT / "environment.yml").read_text())
    return loaded


def pythons() -> dict[str, str]:
    """The version of Python that each way of installing chooses."""
    (pinned,) = [d for d in conda()["dependencies"] if str(d).startswith("python=")]  # type: ignore[attr-defined]
    image = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())["image"]
    return {
        "conda": pinned.removeprefix("python="),
        "Binder": (ROOT / ".binder/runtime.txt").read_text().strip().partition("-")[2],
        "dev container": image.rpartition(":")[2],
    }


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_all_choose_the_python_that_the_lock_is_proven_with() -> None:
    (locked,) = [recipe for recipe in RECIPES if recipe.name == "locked"]
    assert set(pythons().values()) == {locked.python}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert Version(locked.python) in SpecifierSet(project["requires-python"])


def test_conda_installs_the_lock_and_the_library_as_make_does() -> None:
    environment = conda()
    assert environment["channels"] == ["conda-forge"]
    dependencies = environment["dependencies"]
    assert isinstance(dependencies, list)
    assert "pip" in dependencies
    assert dependencies[-1] == {"pip": ["-r requirements.lock", "-e ."]}
    assert f"conda activate {environment['name']}\n" in PAGE
    assert "-m pip install --quiet" in MAKEFILE
    assert "-r requirements.lock" in MAKEFILE


def test_binder_installs_the_lock_without_cuda_and_does_what_make_does() -> None:
    lines = (ROOT / ".binder/requirements.txt").read_text().splitlines()
    options = [line for line in lines if not line.startswith("#")]
    assert options == [f"--extra-index-url {CPU_INDEX}", "-r ../requirements.lock"]
    script = ROOT / ".binder" / "postBuild"
    assert script.stat().st_mode & 0o111, "Binder runs it"
    subprocess.run(["bash", "-n", script], check=True)
    (recipe,) = re.findall(r"^\$\(READY\):.*\n((?:\t.*\n)*)", MAKEFILE, re.MULTILINE)
    for step in (
        "--no-deps --no-build-isolation --editable .",
        "labextension disable --level=sys_prefix ",
        "server extension disable --sys-prefix ",
        "-m tools.fetch_data --set-up",
    ):
        assert step in script.read_text()
        assert step in recipe
    buttons = re.findall(r'"@[^"]+"', MAKEFILE)
    (parts,) = re.findall(r"^NBGRADER_PARTS := (.*)$", MAKEFILE, re.MULTILINE)
    assert buttons
    for name in (*buttons, parts):
        assert name in script.read_text()


def test_the_dev_container_runs_a_command_that_there_is() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    make, target = container["postCreateCommand"].split()
    assert make == "make"
    assert target in make_targets()
    assert container["containerEnv"] == {"PIP_EXTRA_INDEX_URL": CPU_INDEX}
    settings = container["customizations"]["vscode"]["settings"]
    assert settings["python.defaultInterpreterPath"].endswith("/.venv/bin/python")
    assert "VENV := .venv" in MAKEFILE
    # the widgets' scripts are no part of VS Code: without a source they stay blank
    assert settings["jupyter.widgetScriptSources"] == ["jsdelivr.com", "unpkg.com"]


def test_binders_link_opens_a_notebook_of_the_tag() -> None:
    (link,) = re.findall(r"\((https://mybinder.org/v2/[^)]*)\)", PAGE)
    parts = urlsplit(link)
    assert parts.path == f"/v2/gh/{PROJECT.repository}/{PROJECT.ref}"
    (opened,) = parse_qs(parts.query)["urlpath"]
    assert (ROOT / opened.removeprefix("lab/tree/")).is_file()


def test_the_hubs_link_pulls_the_workbook_and_opens_a_notebook() -> None:
    (link,) = re.findall(r"<(https://[^>]*git-pull[^>]*)>", PAGE)
    query = parse_qs(urlsplit(link).query)
    assert query["repo"] == [f"https://github.com/{PROJECT.repository}"]
    (branch,) = query["branch"]
    release = (ROOT / ".github/workflows/release.yml").read_text()
    assert f"HEAD:refs/heads/{branch}" in release
    folder = PROJECT.repository.partition("/")[2]
    (opened,) = query["urlpath"]
    assert (ROOT / unquote(opened).removeprefix(f"lab/tree/{folder}/")).is_file()


@pytest.mark.parametrize("block", COMMANDS, ids=lambda text: text.split("\n")[0])
def test_the_pages_commands_are_shell_and_name_what_there_is(block: str) -> None:
    subprocess.run(["bash", "-n"], input=block, text=True, check=True)
    for target in re.findall(r"\bmake ([a-z-]+)", block):
        assert target in make_targets()
    for path in re.findall(r"\S+\.(?:yml|ipynb|sbatch)\b", block):
        assert "$" in path or (ROOT / path).is_file(), path


def test_the_clusters_job_sets_parameters_that_the_lesson_has() -> None:
    (job,) = [block for block in COMMANDS if "papermill" in block]
    (notebook,) = re.findall(r"papermill (\S+)", job)
    given = re.findall(r"-p (\w+) (\w+)", job)
    known = known_parameters(ROOT / notebook)
    assert [name for name, _ in given if name not in known] == []


def test_the_settings_that_the_page_names_are_the_librarys() -> None:
    store = (ROOT / "course_utils" / "assets" / "store.py").read_text()
    for name in set(re.findall(r"\bCOURSE_[A-Z]+", PAGE)):
        assert f'"{name}"' in store


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_commands_that_there_are(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    steps = [s for job in workflow["jobs"].values() for s in job["steps"]]
    commands = "\n".join(step.get("run", "") for step in steps)
    uses = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", use) for use in uses)
    for target in re.findall(r"\bmake ([a-z-]+)", commands):
        assert target in make_targets()
    for script in re.findall(r"\bbash (\S+)", commands):
        assert (ROOT / script).is_file()
    for module in re.findall(r"-m (tools\.\w+)", commands):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_each_week_a_workflow_runs_every_environment() -> None:
    text = (ROOT / ".github/workflows/versions.yml").read_text()
    workflow = yaml.safe_load(text)
    ((schedule,),) = [workflow[True]["schedule"]]  # YAML reads "on" as true
    assert re.fullmatch(r"\d+ \d+ \* \* \d", schedule["cron"])
    job = workflow["jobs"]["versions"]
    assert job["strategy"]["matrix"]["environment"] == [r.name for r in RECIPES]
    asked = job["steps"][1]["with"]["python-version"].split()
    assert sorted(asked) == sorted({recipe.python for recipe in RECIPES})
