"""The benchmarks' command: what is measured is kept, said and quoted, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tools.bench import __main__ as command
from tools.benchmarking import report
from tools.benchmarking.ratio import Ratio, digits, in_turns, seconds_of
from tools.benchmarking.session import Measure, Outcome, benchmarks, run
from tools.building.project import ROOT

FAST = Ratio("fast", "slow", (2.0, 4.0, 3.0))


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def stops_with(error: BaseException) -> Measure:
    """A benchmark that measures one ratio and then fails."""

    def measure(quick: bool) -> Iterator[Ratio]:
        yield FAST
        raise error

    return measure


def whole(quick: bool) -> list[Ratio]:
    return [FAST]


def measured(root: Path, **chosen: Measure) -> tuple[int, dict[str, Any]]:
    """Run the command on these benchmarks; return its exit code and its file."""
    code = command.measure(chosen, quick=False, threads=1, root=root)
    return code, json.loads((root / command.FOUND).read_text("utf-8"))


def found(**changes: Any) -> report.Report:
    """A whole run of one benchmark, but for these changes."""
    where = report.conditions(1, quick=False)
    return report.report(where, [Outcome("one", [FAST], 1.0)]) | changes


class Clock:
    """Tells times that move on only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def works(self, seconds: float) -> Callable[[], None]:
        def work() -> None:
            self.now += seconds

        return work


def test_half_the_time_is_twice_as_fast() -> None:
    ratio = Ratio.of_seconds("a", "b", {"a": [1, 2], "b": [2, 8]})
    assert ratio.values == (2, 4)


def test_twice_the_rate_is_twice_as_fast() -> None:
    assert Ratio.of_rates("a", "b", {"a": [8, 3], "b": [4, 1]}).values == (2, 3)


def test_a_ratio_is_the_median_of_the_rounds_with_their_range() -> None:
    assert (FAST.median, FAST.spread, FAST.n) == (3, "2.00-4.00", 3)


def test_rounds_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="argument 2 is longer"):
        Ratio.of_seconds("a", "b", {"a": [1], "b": [2, 8]})


@pytest.mark.parametrize(
    ("value", "shown"), [(0.854, "0.85"), (12.34, "12.3"), (4567.8, "4,568")]
)
def test_a_ratio_is_shown_with_the_digits_that_count(value: float, shown: str) -> None:
    assert digits(value) == shown


def test_who_begins_changes_with_every_round() -> None:
    order: list[str] = []

    def turn(name: str) -> Callable[[], float]:
        return lambda: order.append(name) or float(len(order))  # type: ignore[func-returns-value]

    times = in_turns({"a": turn("a"), "b": turn("b")}, rounds=2)
    assert order == ["a", "b", "b", "a"]
    assert times == {"a": [1, 4], "b": [2, 3]}


def test_short_calls_are_repeated_until_the_time_is_filled() -> None:
    clock = Clock()
    assert seconds_of(clock.works(0.25), at_least=1, clock=clock) == 0.25
    assert clock.now == 1


def test_one_call_is_enough_where_no_time_is_to_be_filled() -> None:
    clock = Clock()
    assert seconds_of(clock.works(3), clock=clock) == clock.now == 3


def test_each_benchmark_knows_how_long_it_took() -> None:
    clock = Clock()

    def slow(quick: bool) -> Iterable[Ratio]:
        clock.now += 5
        return [FAST]

    outcomes = run({"slow": slow}, quick=True, keep=lambda found: None, clock=clock)
    assert [outcome.seconds for outcome in outcomes] == [5]


def test_a_failing_benchmark_costs_only_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = stops_with(ValueError("no browser\nand a log"))
    code, file = measured(tmp_path, bad=bad, good=whole)
    assert code == 1
    names = [(b["name"], b["problem"], len(b["ratios"])) for b in file["benchmarks"]]
    assert names == [("bad", "ValueError: no browser", 1), ("good", "", 1)]
    assert "NOT WHOLE: bad: ValueError: no browser" in capsys.readouterr().out


def test_an_interruption_keeps_what_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped = stops_with(KeyboardInterrupt())
    code, file = measured(tmp_path, good=whole, stopped=stopped, never=whole)
    assert code == 130
    assert [one["name"] for one in file["benchmarks"]] == ["good", "stopped"]
    assert [len(one["ratios"]) for one in file["benchmarks"]] == [1, 1]
    assert "NOT WHOLE: stopped: interrupted" in capsys.readouterr().out


def test_an_interruption_that_breaks_the_cleaning_up_is_one_all_the_same(
    tmp_path: Path,
) -> None:
    def measure(quick: bool) -> Iterator[Ratio]:
        try:
            yield FAST
            raise KeyboardInterrupt
        finally:
            raise OSError("the browser is gone")

    code, file = measured(tmp_path, stopped=measure, never=whole)
    assert code == 130
    assert [one["problem"] for one in file["benchmarks"]] == ["interrupted"]


def test_every_ratio_is_on_disk_before_the_next_one_is_measured(tmp_path: Path) -> None:
    seen = []

    def looks(quick: bool) -> Iterator[Ratio]:
        yield FAST
        file = json.loads((tmp_path / command.FOUND).read_text("utf-8"))
        seen.append(file["benchmarks"][0])

    measured(tmp_path, looks=looks)
    ((ratio,),) = (one["ratios"] for one in seen)
    assert (ratio["what"], seen[0]["problem"]) == ("fast", "not finished")


def test_the_file_says_where_when_and_with_what(tmp_path: Path) -> None:
    code, file = measured(tmp_path, good=whole)
    assert code == 0
    assert {"machine", "versions", "threads", "date", "load", "quick"} < file.keys()
    assert file["versions"]["torch"].split("+")[0] == torch.__version__.split("+")[0]
    (ratio,) = file["benchmarks"][0]["ratios"]
    assert (ratio["median"], ratio["n"], ratio["values"]) == (3, 3, [2, 4, 3])


def test_what_could_not_be_told_is_said_in_the_table() -> None:
    unknown = Ratio("a", "b", (), "not in 4 s")
    text = report.table(report.report(found(), [Outcome("one", [unknown])]))
    assert "?, not in 4 s" in text


def test_every_module_beside_the_command_can_be_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    modules = {path.stem for path in (ROOT / "tools/bench").glob("[a-z]*.py")}
    assert benchmarks().keys() == modules
    with pytest.raises(SystemExit):
        command.main(["nothing"])
    assert "no benchmark nothing; there are convolution," in capsys.readouterr().err


def test_a_whole_run_is_recorded_and_quoted(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"# Book\n{report.BEGIN}\n{report.END}\nend\n")
    measured(tmp_path, one=whole)
    assert command.quote(["one"], tmp_path) == 0
    recorded = json.loads((tmp_path / command.RECORDED).read_text("utf-8"))
    text = (tmp_path / "README.md").read_text("utf-8")
    assert text == f"# Book\n{report.quotation(recorded)}\nend\n"
    assert "| one | fast | slow | 3.00 (2.00-4.00) | 3 |" in text
    assert recorded["machine"] in text
    assert recorded["date"] in text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"quick": True}, "a quick run"),
        ({"benchmarks": []}, "one: not measured"),
        (
            {"benchmarks": [{"name": "one", "problem": "interrupted", "ratios": []}]},
            "one: interrupted",
        ),
    ],
)
def test_a_run_that_is_not_whole_is_never_quoted(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    why: str,
) -> None:
    file = tmp_path / command.FOUND
    file.parent.mkdir()
    file.write_text(json.dumps(found(**changes)), "utf-8")
    (tmp_path / "README.md").write_text(f"{report.BEGIN}\n{report.END}\n")
    assert command.quote(["one"], tmp_path) == 1
    assert why in capsys.readouterr().err
    assert not (tmp_path / command.RECORDED).exists()


def test_without_a_run_there_is_nothing_to_quote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.quote(["one"], tmp_path) == 1
    assert "run `make bench`" in capsys.readouterr().err


def test_a_readme_without_its_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="README lacks the lines"):
        report.with_quotation("# Book\n", found())


def test_the_readme_quotes_the_recorded_run_and_nothing_else() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    recorded = ROOT / command.RECORDED
    if recorded.is_file():
        run_found = json.loads(recorded.read_text("utf-8"))
        report.require_quotable(run_found, benchmarks())
        assert report.with_quotation(readme, run_found) == readme
    else:
        assert f"{report.BEGIN}\n{report.END}\n" in readme
