"""Lesson 09 from top to bottom with other parameters: small, own files, VGG-19."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import torch
from PIL import Image

from course_utils.style import transfer
from tests.lesson_functions import code_cells
from tests.test_style_transfer import stand_in_vgg  # noqa: F401

mpl.use("agg")


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_WEIGHTS", "small")


def run(**parameters: Any) -> dict[str, Any]:
    """Run every cell of the lesson; return what it leaves behind."""
    names: dict[str, Any] = {}
    for source in code_cells("09"):
        exec(compile(source, "a cell of lesson 09", "exec"), names)
        if "content_name = " in source:  # the cell of parameters
            assert parameters.keys() <= names.keys()
            names.update(parameters)
        plt.close("all")
    return names


@pytest.mark.usefixtures("_small")
def test_functions_of_the_lesson_are_those_of_the_library(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lesson = run(size=48, steps=3)
    network, content, painting = (
        lesson[name] for name in ("network", "content", "painting")
    )
    layers = lesson["style_layers"]
    recipe = transfer.Recipe(layers, lesson["content_layer"], steps=3)
    targets = transfer.Targets.of(network, content, painting, recipe)
    torch.testing.assert_close(
        lesson["transfer"]()(lesson["noise"]), targets(lesson["noise"])
    )
    *_, last = transfer.transferred(network, content, painting, recipe)
    torch.testing.assert_close(lesson["result"], last.picture)
    *_, last = transfer.optimised(targets, lesson["noise"], 3, "L-BFGS")
    torch.testing.assert_close(lesson["runs"]["noise, L-BFGS"][0], last.picture)
    for index, features in lesson["listen"](content, layers).items():
        torch.testing.assert_close(
            lesson["gram"](features), transfer.gram_matrix(features)
        )
        for name in ("gram_matrix", "gram"):  # the exercise's solution, the lesson's
            torch.testing.assert_close(
                lesson[name](features),
                transfer.gram_matrix(transfer.listen(network, content, {index})[index]),
            )
    assert "not_normalised" in lesson


@pytest.mark.usefixtures("_small")
def test_files_of_the_reader_run_to_the_end(tmp_path: Path) -> None:
    content, style = tmp_path / "mine.jpg", tmp_path / "style.png"
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.effect_noise((120, 80), 90).convert("RGB").save(content, exif=exif)
    Image.effect_noise((100, 140), 120).convert("LA").save(style)
    lesson = run(content_name=str(content), painting_name=str(style), size=60, steps=2)
    assert lesson["content"].shape == (1, 3, 60, 40)
    assert lesson["result"].shape == (1, 3, 60, 40)
    assert lesson["painting"].shape == (1, 3, 60, 43)


@pytest.mark.usefixtures("stand_in_vgg")
def test_lectures_network_runs_to_the_end_without_a_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lesson = run(features_name="vgg19", size=48, steps=2)
    assert (lesson["network"].name, lesson["network"].source) == ("vgg19", "official")
    assert lesson["style_layers"] == (1, 6, 11, 20, 29)
    assert lesson["result"].isfinite().all()
    assert "VGG-19" in capsys.readouterr().out
