"""Runs of the style explorer: beside the notebook, told, stopped, failed."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils.widgets.style import StyleExplorer
from tests.style_toys import Toy


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
def explorer(toy: Toy) -> Iterator[StyleExplorer]:
    made = StyleExplorer(features=toy)
    yield made
    toy.gate.open.set()
    made.close()
    made.wait(20)


def test_run_computes_the_chosen_setting(explorer: StyleExplorer) -> None:
    explorer.style_weight, explorer.picture_size = 1, 128
    assert explorer.result is None
    explorer.start()
    assert explorer.wait(60)
    report = explorer._run
    assert (report["state"], report["step"], report["steps"]) == ("done", 50, 50)
    assert report["message"] == (
        "Done after step 50 of 50: pavilion, brush strokes, style weight 1, "
        "style layers 1, 4, 6, 7, 128 pixels."
    )
    assert explorer.result is not None
    sent = Image.open(BytesIO(report["picture"])).convert("RGB")
    assert sent.size == (128, 128)
    shown = torch.from_numpy(np.array(sent)).permute(2, 0, 1) / 255
    assert (shown - explorer.result[0]).abs().mean() < 0.1


def test_progress_is_told_on_the_way(explorer: StyleExplorer, toy: Toy) -> None:
    told: list[dict[str, Any]] = []
    explorer.observe(lambda change: told.append(change["new"]), names="_run")
    explorer.start()
    explorer.wait(60)
    assert told[0]["state"] == "running"
    assert told[0]["picture"] is None
    assert "Preparing" in told[0]["message"]
    assert told[1]["step"] == 0
    assert told[1]["picture"] is not None
    steps = [report["step"] for report in told]
    assert steps == sorted(steps)


def test_run_can_be_stopped_and_keeps_its_picture(
    explorer: StyleExplorer, toy: Toy
) -> None:
    toy.gate.open.clear()
    explorer.start()
    assert explorer.running
    explorer.stop()
    toy.gate.open.set()
    assert explorer.wait(20)
    report = explorer._run
    assert report["state"] == "stopped"
    assert report["message"].startswith("Stopped after step 0 of 50: pavilion")
    assert explorer.result is not None


def test_failure_says_why_and_a_new_run_works(
    explorer: StyleExplorer, toy: Toy
) -> None:
    toy.gate.error = RuntimeError("the network is on fire")
    explorer.start()
    explorer.wait(20)
    assert explorer._run["state"] == "failed"
    assert explorer._run["message"] == (
        "It failed. RuntimeError: the network is on fire"
    )
    toy.gate.error = None
    explorer.start()
    explorer.wait(60)
    assert explorer._run["state"] == "done"


def test_missing_weights_are_told_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from course_utils import pretrained

    def nothing(*_: Any, **__: Any) -> None:
        raise FileNotFoundError("squeezenet is not here; connect and try again")

    monkeypatch.setattr(pretrained, "style_features", nothing)
    explorer = StyleExplorer()
    explorer.start()
    explorer.wait(20)
    assert "connect and try again" in explorer._run["message"]


def test_second_run_has_to_wait(explorer: StyleExplorer, toy: Toy) -> None:
    toy.gate.open.clear()
    explorer.start()
    with pytest.raises(RuntimeError, match="a run is under way; stop"):
        explorer.start()


def asked(explorer: StyleExplorer, kind: str, **changed: Any) -> None:
    """What the page sends when a button is pressed."""
    names = ("pair", "style_weight", "style_layers", "picture_size", "steps")
    settings = {name: getattr(explorer, name) for name in names} | changed
    explorer._asked(explorer, {"kind": kind, "settings": settings}, [])


def test_page_starts_and_stops_a_run(explorer: StyleExplorer, toy: Toy) -> None:
    toy.gate.open.clear()
    asked(explorer, "run")
    asked(explorer, "run")  # an impatient second click
    assert explorer.running
    asked(explorer, "stop")
    toy.gate.open.set()
    explorer.wait(20)
    assert explorer._run["state"] == "stopped"


def test_run_is_of_what_the_page_shows(explorer: StyleExplorer, toy: Toy) -> None:
    """Changes of state may still be on their way when the button is pressed."""
    toy.gate.open.clear()
    asked(explorer, "run", steps=100, picture_size=192, style_layers=[1])
    asked(explorer, "stop", steps=150)
    toy.gate.open.set()
    assert explorer.wait(20)
    assert "of 100" in explorer._run["message"]
    assert "style layers 1, 192 pixels" in explorer._run["message"]
    assert (explorer.steps, explorer.picture_size) == (100, 192)


def test_closing_stops_the_run(explorer: StyleExplorer, toy: Toy) -> None:
    toy.gate.open.clear()
    explorer.start()
    explorer.close()
    toy.gate.open.set()
    assert explorer.wait(20)


def test_real_network_is_fetched_when_needed() -> None:
    explorer = StyleExplorer()
    explorer.style_layers = (1,)
    explorer.start()
    assert explorer.wait(120)
    assert explorer._run["message"].startswith("Done after step 50 of 50")
    assert explorer.result is not None
    assert explorer.result[:, 2].mean() > explorer.result[:, 0].mean()  # night blue
