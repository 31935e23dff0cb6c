"""Drawings of sizes, profiles and timelines: the same for live and recorded."""

from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes

from course_utils.devices import PHASES, Span, figures


@pytest.fixture
def axes() -> Any:
    figure, axes = plt.subplots(1, 2, figsize=(8, 3))
    yield axes
    plt.close(figure)


def _sizes() -> dict[str, Any]:
    points = [{"size": n, "flops": 2 * n**3, "seconds": 1e-6 * n} for n in (4, 8, 16)]
    return {"matrix": points, "convolution": points[:2]}


def _profile() -> dict[str, Any]:
    phases = dict(zip(PHASES, (50.0, 1.0, 30.0, 60.0, 5.0), strict=True))
    return {
        "recipes": [
            {"name": "slow", "phases": phases},
            {"name": "fast", "phases": {k: v / 4 for k, v in phases.items()}},
        ]
    }


def _texts(ax: Axes) -> list[str]:
    return [text.get_text().strip() for text in ax.texts]


def test_sizes_are_drawn_as_time_and_rate(axes: Any) -> None:
    figures.plot_sizes({"cpu": _sizes()}, axes)
    time_ax, rate_ax = axes
    assert time_ax.lines[0].get_ydata().tolist() == pytest.approx([4, 8, 16])  # µs
    assert rate_ax.lines[0].get_ydata()[0] == pytest.approx(2 * 4**3 / 4e-6 / 1e9)
    names = [text.get_text() for text in time_ax.get_legend().get_texts()]
    assert names == ["cpu, matrix product", "cpu, convolution"]


def test_device_that_nobody_had_is_not_drawn(axes: Any) -> None:
    figures.plot_sizes({"cpu": _sizes(), "cuda": None}, axes)
    assert len(axes[0].lines) == 2


def test_recorded_sizes_say_so_and_are_dashed(axes: Any) -> None:
    figures.plot_sizes({"cpu": _sizes()}, axes, recorded=True)
    assert all("recorded" in ax.get_title() for ax in axes)
    assert {line.get_linestyle() for line in axes[0].lines} == {"--"}
    legend = axes[0].get_legend().get_texts()
    assert all("recorded" in text.get_text() for text in legend)


def test_devices_differ_in_colour_and_operations_in_marker(axes: Any) -> None:
    figures.plot_sizes({"cpu": _sizes(), "cuda": _sizes()}, axes)
    lines = axes[0].lines
    assert lines[0].get_color() != lines[2].get_color()
    assert lines[0].get_marker() != lines[1].get_marker()


def test_profile_bars_are_as_long_as_their_phases(axes: Any) -> None:
    figures.plot_profile(_profile(), axes[0])
    bars = axes[0].containers
    assert [bar.get_label() for bar in bars] == list(PHASES)
    assert [bar[0].get_width() for bar in bars] == [50, 1, 30, 60, 5]
    assert "146 µs" in _texts(axes[0])
    assert "36 µs" in _texts(axes[0])


def test_profile_names_phases_where_there_is_room(axes: Any) -> None:
    figures.plot_profile(_profile(), axes[0])
    assert "loader" in _texts(axes[0])
    assert "copy" not in _texts(axes[0])
    hatches = {bar[0].get_hatch() for bar in axes[0].containers}
    assert len(hatches) >= 4  # not by colour alone


def test_recorded_profile_says_so(axes: Any) -> None:
    figures.plot_profile(_profile(), axes[0], title="cpu", recorded=True)
    assert axes[0].get_title() == "cpu, recorded"


def test_timeline_has_a_row_for_each(axes: Any) -> None:
    spans = [
        Span("host", "launch", 0.0, 0.001),
        Span("device", "product", 0.001, 0.011),
        Span("host", "wait", 0.001, 0.011),
    ]
    figures.plot_timeline(spans, axes[0], title="a wait")
    rows = [label.get_text() for label in axes[0].get_yticklabels()]
    assert rows == ["host", "device"]
    assert axes[0].yaxis_inverted()
    widths = [bar[0].get_width() for bar in axes[0].containers]
    assert widths == pytest.approx([1, 10, 10])  # milliseconds
    assert axes[0].containers[2][0].get_hatch()
    assert "product" in _texts(axes[0])
