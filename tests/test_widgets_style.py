"""The Python side of the style explorer, without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from torch import Tensor

from course_utils.style.stored import SOURCES, stored_grid
from course_utils.widgets.style import StyleExplorer
from tests.style_toys import Toy

mpl.use("agg")


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
