"""The Python side of the style explorer, without a browser."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from course_utils.style.stored import SOURCES, stored_grid
from course_utils.widgets.style import StyleExplorer

mpl.use("agg")


class Gate(nn.Module):
    """A layer that waits for a permission, or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.open.set()
        self.error: Exception | None = None

    def forward(self, values: Tensor) -> Tensor:
        assert self.open.wait(20)
        if self.error:
            raise self.error
        return values


@dataclass
class Toy:
    """A small network under the name of the real one."""

    name: str = "squeezenet1_1"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.2, 0.2, 0.2)
    gate: Gate = field(default_factory=Gate)

    def __post_init__(self) -> None:
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 4, 3, stride=4), *(nn.ReLU() for _ in range(7))]
        self.model: nn.Module = nn.Sequential(self.gate, *layers)


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


def pictures() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return (
        torch.rand(3, 60, 80, generator=generator),
        torch.rand(1, 3, 50, 50, generator=generator),
    )


def test_opens_on_the_lessons_pictures(explorer: StyleExplorer) -> None:
    assert repr(explorer) == (
        "StyleExplorer(pavilion, brush strokes, style weight 10, "
        "style layers 1, 4, 6, 7)"
    )


def test_picture_and_losses_are_the_stored_ones(explorer: StyleExplorer) -> None:
    grid = stored_grid()
    explorer.pair, explorer.style_weight = "coffee_mosaic", 0.3
    explorer.style_layers = (1, 4)
    assert torch.equal(explorer.picture, grid.result("coffee_mosaic", 1, 1))
    assert explorer.losses == grid.pairs["coffee_mosaic"].losses[1][1]


def test_layers_may_come_as_a_list_from_the_page(explorer: StyleExplorer) -> None:
    explorer.style_layers = [6, 7]
    assert explorer.style_layers == (6, 7)


@pytest.mark.parametrize(
    ("name", "value", "choices"),
    [
        ("pair", "monet", "china_strokes, coffee_mosaic, chelsea_flower"),
        ("pair", "yours", "china_strokes, coffee_mosaic, chelsea_flower"),
        ("style_weight", 7, "0.1; 0.3; 1; 3; 10; 30; 100"),
        ("style_layers", (1, 2), "(1,); (1, 4); (1, 4, 6); (1, 4, 6, 7); (6, 7)"),
        ("picture_size", 1000, "[128, 192, 224]"),
        ("steps", -1, "[50, 100, 150]"),
    ],
)
def test_value_that_is_not_there_lists_those_that_are(
    explorer: StyleExplorer, name: str, value: Any, choices: str
) -> None:
    before = getattr(explorer, name)
    with pytest.raises(ValueError, match=f"{name} is .*{re.escape(choices)}"):
        setattr(explorer, name, value)
    assert getattr(explorer, name) == before


def test_table_and_sentences_say_the_stored_numbers(explorer: StyleExplorer) -> None:
    table = explorer.table()
    assert [row[0] for row in table.rows] == ["0.1", "0.3", "1", "3", "10", "30", "100"]
    losses = explorer.losses
    assert table.rows[4][1:3] == [f"{losses[n]:.3f}" for n in ("content", "style")]
    assert f"content loss {losses['content']:.3f}" in table.sentences[0]
    assert "danielbuechele, CC BY 2.0" in table.sentences[1]


def test_page_has_a_sentence_for_every_picture(explorer: StyleExplorer) -> None:
    for pair in SOURCES:
        says = explorer._grid["pairs"][pair]["says"]
        assert [len(row) for row in says] == [7] * 5
        explorer.pair = pair
        explorer.style_weight, explorer.style_layers = 30, (1,)
        assert says[0][5] == explorer.table().sentences[0]


def test_page_without_a_kernel_has_the_words(explorer: StyleExplorer) -> None:
    bundle = explorer._repr_mimebundle_()
    assert bundle is not None
    assert bundle[0]["text/html"] == explorer.table()._repr_html_()


def test_filmstrip_shows_the_chosen_picture_in_a_frame(explorer: StyleExplorer) -> None:
    explorer.style_weight = 3
    figure = explorer.filmstrip()
    (ax,) = figure.axes
    words = [text.get_text() for text in ax.texts]
    assert words[:3] == ["weight 0.3", "weight 3", "weight 30"]
    assert words[3:] == [
        "layers 1",
        "layers 1, 4",
        "layers 1, 4, 6",
        "layers 1, 4, 6, 7",
        "layers 6, 7",
    ]
    assert len(ax.patches) == 1
    plt.close(figure)


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


def test_page_starts_and_stops_a_run(explorer: StyleExplorer, toy: Toy) -> None:
    toy.gate.open.clear()
    explorer._asked(explorer, {"kind": "run"}, [])
    explorer._asked(explorer, {"kind": "run"}, [])  # an impatient second click
    assert explorer.running
    explorer._asked(explorer, {"kind": "stop"}, [])
    toy.gate.open.set()
    explorer.wait(20)
    assert explorer._run["state"] == "stopped"


def test_closing_stops_the_run(explorer: StyleExplorer, toy: Toy) -> None:
    toy.gate.open.clear()
    explorer.start()
    explorer.close()
    toy.gate.open.set()
    assert explorer.wait(20)


def test_your_own_pictures_come_first_and_are_computed(toy: Toy) -> None:
    explorer = StyleExplorer(*pictures(), features=toy)
    assert explorer.pair == "yours"
    assert repr(explorer).startswith("StyleExplorer(your pictures, ")
    assert "Nothing is stored" in explorer.table().sentences[0]
    assert next(iter(explorer._grid["pairs"])) == "yours"
    with pytest.raises(ValueError, match="Nothing is stored for your own pictures"):
        _ = explorer.picture
    with pytest.raises(ValueError, match="Nothing is stored"):
        explorer.filmstrip()
    explorer.start()
    explorer.wait(60)
    assert explorer._run["state"] == "done"
    assert explorer.result is not None
    assert explorer.result.shape == (1, 3, 96, 128)


@pytest.mark.parametrize(
    ("content", "style", "words"),
    [
        (torch.zeros(3, 8, 8), None, "style is missing"),
        (None, torch.zeros(3, 8, 8), "content is missing"),
        (torch.zeros(8, 8), torch.zeros(3, 8, 8), r"content has shape \(8, 8\)"),
        (torch.zeros(3, 8, 8), 2 * torch.ones(3, 8, 8), "style is .* from 2 to 2"),
        (torch.zeros(3, 8, 8).byte(), torch.zeros(3, 8, 8), "content is torch.uint8"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(
    content: Tensor | None, style: Tensor | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        StyleExplorer(content, style)


def test_another_network_is_refused() -> None:
    with pytest.raises(ValueError, match=r"features is 'vgg19', but .*'squeezenet1_1'"):
        StyleExplorer(features=Toy(name="vgg19"))


def test_real_network_is_fetched_when_needed() -> None:
    explorer = StyleExplorer()
    explorer.style_layers = (1,)
    explorer.start()
    assert explorer.wait(120)
    assert explorer._run["message"].startswith("Done after step 50 of 50")
    assert explorer.result is not None
    assert explorer.result[:, 2].mean() > explorer.result[:, 0].mean()  # night blue
