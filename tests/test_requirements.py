"""Requirements: lower bounds with a reason each, and a lock that satisfies them."""

import re
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


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


def test_the_library_asks_for_nothing_that_the_requirements_do_not_list() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (block,) = re.findall(r"^dependencies = \[(.*?)\]", text, re.MULTILINE | re.DOTALL)
    listed = {
        Requirement(line.split("#")[0]).name for line in _lines("requirements.txt")
    }
    needed = {Requirement(item).name for item in re.findall(r'"(.*?)"', block)}
    assert needed <= listed
