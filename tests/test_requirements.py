"""Requirements: lower bounds with a reason each, and a lock that satisfies them."""

import ast
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
DISTRIBUTIONS = {  # where a module's name is not the one that pip knows
    "IPython": "ipython",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
}


def _lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_each_requirement_has_a_lower_bound_and_a_reason() -> None:
    for line in _lines("requirements.txt"):
        assert re.fullmatch(r"[\w-]+>=[\d.]+ +# .{10,}", line), line


def test_the_lock_is_exact_and_satisfies_the_lower_bounds() -> None:
    locked: dict[str, str] = {}
    for line in _lines("requirements.lock"):
        requirement = Requirement(line)
        (pin,) = requirement.specifier
        assert pin.operator == "==", line
        if requirement.marker is None or requirement.marker.evaluate(
            {k: str(v) for k, v in default_environment().items()}
        ):
            locked[requirement.name] = pin.version
    for line in _lines("requirements.txt"):
        wanted = Requirement(line.split("#")[0])
        assert locked[wanted.name] in wanted.specifier


def declared() -> set[str]:
    """The distributions that installing the library's wheel brings along."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {Requirement(line).name for line in project["project"]["dependencies"]}


def imported(paths: Iterable[Path]) -> dict[str, set[str]]:
    """Return the modules that files import from elsewhere, each with its files."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [name.name for name in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                modules = [node.module]
            for module in modules:
                found[module].add(path.relative_to(ROOT).as_posix())
    return found


def used_by_lessons() -> dict[str, set[str]]:
    paths = [*(ROOT / "lessons").glob("*.py"), *(ROOT / "course_utils").rglob("*.py")]
    own = {"course_utils", *sys.stdlib_module_names}
    return {
        module: files
        for module, files in imported(paths).items()
        if module.partition(".")[0] not in own
    }


def test_the_library_asks_for_nothing_that_the_requirements_do_not_list() -> None:
    listed = {
        Requirement(line.split("#")[0]).name for line in _lines("requirements.txt")
    }
    assert declared() <= listed


def test_whatever_a_lesson_or_the_library_imports_comes_with_the_wheel() -> None:
    missing = {
        module: sorted(files)
        for module, files in used_by_lessons().items()
        if DISTRIBUTIONS.get(module.partition(".")[0], module.partition(".")[0])
        not in declared()
    }
    assert missing == {}, "add them to dependencies in pyproject.toml"


def test_the_wheel_asks_for_nothing_that_no_lesson_uses() -> None:
    used = {module.partition(".")[0] for module in used_by_lessons()}
    needed = {DISTRIBUTIONS.get(name, name) for name in used}
    if "torchmetrics.detection" in used_by_lessons():
        needed.add("pycocotools")  # torchmetrics imports it for average precision
    # ipywidgets carries every anywidget; no module of ours names it
    assert declared() == needed | {"ipywidgets"}
