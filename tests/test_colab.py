"""The first cell on a machine like Colab's, with the library's wheel from this machine.

The machine has the torch of this environment. The one with Colab's own versions of
everything is made by `make check-versions`.
"""

import zipfile
from pathlib import Path

import pytest

from tests.bare_machine import Machine, bare_machine
from tools.building.assemble import setup_source
from tools.building.project import Project
from tools.versioning.wheel import HOST, put_wheel, served

PROJECT = Project.load()
IMPORT = "import course_utils; print(course_utils.__file__)"
TORCH = "import torch; print(torch.__file__)"
NOBODY = "http://127.0.0.1:9"  # the port "discard": nothing listens there


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the wheel at the address that the notebooks know."""
    folder = tmp_path_factory.mktemp("releases")
    put_wheel(PROJECT, folder)
    return folder


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return bare_machine(tmp_path)


def setup(address: str, *imports: str) -> str:
    return setup_source(PROJECT, imports).replace(HOST, address)


def test_the_wheel_is_small_and_holds_the_library_alone(releases: Path) -> None:
    (wheel,) = releases.rglob("*.whl")
    assert wheel.name == PROJECT.wheel_url.rpartition("/")[2]
    assert wheel.stat().st_size < 10e6
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    metadata = wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"
    assert {name.partition("/")[0] for name in names} == {"course_utils", metadata}
    for part in ("assets/manifest.toml", "recorded_runs/lesson10.json"):
        assert f"course_utils/{part}" in names


def test_the_first_cell_installs_the_wheel_and_touches_nothing_else(
    machine: Machine, releases: Path
) -> None:
    assert machine.run(IMPORT).stderr.endswith("No module named 'course_utils'\n")
    with served(releases) as address:
        first = setup(address, "import torchmetrics")
        done = machine.run(f"{first}\n{IMPORT}\n{TORCH}")
    assert done.stderr == ""
    assert machine.added() == {
        "course_utils",
        f"cnn_workbook-{PROJECT.ref.removeprefix('v')}.dist-info",
    }
    library, torch = done.stdout.splitlines()
    assert Path(library).is_relative_to(machine.folder / "venv")
    assert Path(torch).is_relative_to(machine.preinstalled)
    # and a second time, without the server, it does nothing
    again = machine.run(first)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_without_a_network_the_first_cell_says_so_and_leaves_nothing(
    machine: Machine,
) -> None:
    said = machine.run(setup(NOBODY)).stderr
    assert "ImportError: course_utils is missing: connect to the internet" in said
    assert "Connection refused" in said
    assert machine.added() == set()


def test_a_tag_without_a_wheel_is_named(machine: Machine, tmp_path: Path) -> None:
    with served(tmp_path) as address:
        said = machine.run(setup(address)).stderr
    assert "ImportError: course_utils is missing" in said
    assert f"404 Client Error: File not found for url: {address}" in said


def test_what_the_machine_lacks_is_named_and_left_to_the_student(
    tmp_path: Path, releases: Path
) -> None:
    machine = bare_machine(tmp_path, without=("anywidget", "torchmetrics"))
    with served(releases) as address:
        done = machine.run(setup(address, "import torchmetrics"))
    assert "anywidget 0.9.13 or newer (there is none)" in done.stderr
    assert 'install "anywidget>=0.9.13" "torchmetrics>=1.4"' in done.stderr
    assert machine.added() >= {"course_utils"}
    assert not any("anywidget" in name for name in machine.added())
