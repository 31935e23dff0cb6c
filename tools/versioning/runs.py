"""What is proven in an environment: the library and its tests, or the notebooks."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Final

from tools.building.project import ROOT, Project
from tools.checks.process import run
from tools.checks.result import StepResult, judged
from tools.checks.suite import run_tests
from tools.versioning.environments import Environment
from tools.versioning.on_colab import Colab
from tools.versioning.wheel import put_wheel, served

_WARNINGS: Final = ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
# these start kernels, build notebooks or open a browser: they prove the tools
_SLOW: Final = re.compile(
    r"test_(build|check|colab|grading|kernel|release|fetch|record|train)"
)
_TESTS_LIMIT: Final = 1500.0  # seconds for all tests of an environment
_IMPORT_LIMIT: Final = 300.0
_IMPORT_ALL: Final = """
import importlib, pkgutil, course_utils
for module in pkgutil.walk_packages(course_utils.__path__, "course_utils."):
    importlib.import_module(module.name)
"""


def fast_tests(root: Path = ROOT) -> list[str]:
    """Return the test files of the library, as opposed to those of the tools."""
    files = sorted((root / "tests").glob("test_*.py"))
    return [f"tests/{file.name}" for file in files if not _SLOW.match(file.name)]


def library(environment: Environment) -> StepResult:
    """Import every module and run the fast tests, deprecation warnings being errors."""
    filters = [f"error::{name}" for name in _WARNINGS]
    filters += [f"ignore::DeprecationWarning:{name}" for name in environment.excused]
    flags = [part for one in filters for part in ("-W", one)]
    imports = run(
        [environment.python, *flags, "-c", _IMPORT_ALL],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        limit=_IMPORT_LIMIT,
    )
    arguments = [*flags, "-n", "2", "--dist", "loadscope", *fast_tests()]
    python = environment.python
    tests = run_tests(environment.name, ROOT, arguments, _TESTS_LIMIT, python)
    if imports.code == 0:
        return tests
    messages = (imports.output, *tests.messages)
    return StepResult(tests.name, "failed", f"import fails; {tests.detail}", messages)


def lessons(environment: Environment) -> StepResult:
    """Run the students' notebooks with no workbook around them, first cell and all."""
    project = Project.load()
    messages: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        put_wheel(project, Path(folder) / "releases")
        with served(Path(folder) / "releases") as address:
            colab = Colab(environment.python, Path(folder) / "home", address)
            for lesson in project.lessons():
                faults = colab.faults(lesson)
                print(f"{'✗' if faults else '✓'} {lesson.name} on Colab", flush=True)
                messages += faults
    good = f"{len(project.lessons())} notebooks run"
    if colab.advised:
        good += f"; installed as told: {', '.join(colab.advised)}"
    return judged(environment.name, messages, good)
