"""The network explorer in a real JupyterLab: what the page chooses, Python computes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.lab import Lesson
from tests.real_files import asset
from tools.bench.widget_latency import write_notebook
from tools.browser import open_notebook, run_all

_PATIENCE_MS = 60_000
_CELLS = (
    "from course_utils.widgets import NetworkExplorer\n"
    "explorer = NetworkExplorer(layer='features.3.squeeze')\n"
    "explorer",
    "# scratch cell",
)


@pytest.fixture(scope="module")
def opened(
    chromium: Browser, lab: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lesson]:
    asset("squeezenet")
    page = chromium.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)
    upload(page, lab, tmp_path_factory.mktemp("network"))
    lesson = Lesson(page)
    page.on("pageerror", lambda error: lesson.faults.append(str(error)))
    open_notebook(page, lab, "network.ipynb")
    run_all(page)
    page.locator(".cnn-network").wait_for()
    yield lesson
    page.close()


def upload(page: Page, lab: str, folder: Path) -> None:
    """Put a notebook into the folder of the running JupyterLab."""
    notebook = (write_notebook(folder, *_CELLS) / "latency.ipynb").read_text("utf-8")
    content = {"type": "notebook", "format": "json", "content": json.loads(notebook)}
    where = lab.replace("/lab?", "/api/contents/network.ipynb?")
    assert page.request.put(where, data=content).ok


def strip(lesson: Lesson) -> list[str]:
    return lesson.page.locator(
        ".cnn-strip-map:visible .cnn-strip-name"
    ).all_inner_texts()


def test_a_layer_chosen_in_the_page_gets_its_activations_from_python(
    opened: Lesson,
) -> None:
    page = opened.page
    page.locator("[data-control=layer_number]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    opened.expect_python("explorer.layer", "features.3.expand1x1_activation")
    channels = opened.ask("[str(c) for c in explorer._page['channels']]")
    expect(page.locator(".cnn-strip-name:visible")).to_have_text(channels)
    sentences = opened.ask("explorer.table().sentences")
    expect(page.locator(".cnn-texts")).to_contain_text(sentences[2])


def test_a_layer_set_from_python_is_shown(opened: Lesson) -> None:
    opened.ask("setattr(explorer, 'layer', 'classifier.1')")
    sentences = opened.ask("explorer.table().sentences")
    texts = opened.page.locator(".cnn-texts")
    expect(texts).to_contain_text(sentences[1])
    expect(texts).to_contain_text(sentences[2])


def test_another_network_and_another_image_are_opened(opened: Lesson) -> None:
    page = opened.page
    page.locator("[data-control=image]").select_option("coffee")
    best = page.locator(".cnn-classes tbody th").first
    expect(best).to_have_text("espresso")
    page.locator("[data-control=architecture]").select_option("resnet152")
    expect(page.locator("[data-control=stage] option")).to_have_count(7)
    expect(page.locator(".cnn-network-top")).to_be_hidden()
    opened.expect_python("explorer.architecture", "resnet152")
    expect(page.locator(".cnn-texts")).to_contain_text(
        opened.ask("explorer.table().sentences[-1]")
    )


def test_an_error_of_python_is_shown_in_the_page_and_nothing_is_lost(
    opened: Lesson,
) -> None:
    before = opened.ask("repr(explorer)")
    opened.write(
        "cratch cell",
        "# scratch cell\ntry:\n    explorer.layer = 'conv9'\n"
        "except ValueError as error:\n    print(error)",
    )
    (output,) = opened.outputs(opened.find("cratch cell"))
    assert output["text"].startswith("layer is 'conv9', which ")
    alarm = opened.page.locator(".cnn-network .cnn-alarm")
    expect(alarm).to_have_text(output["text"].strip())
    assert opened.ask("repr(explorer)") == before


def test_what_only_a_broken_page_can_ask_for_is_answered_with_the_sentence(
    opened: Lesson,
) -> None:
    """The page offers lists, but a page of yesterday may hold other names."""
    page = opened.page
    page.locator("[data-control=architecture]").evaluate(
        """(node) => {
          node.append(new Option('vgg17', 'vgg17'));
          node.value = 'vgg17';
          node.dispatchEvent(new Event('change'));
        }"""
    )
    alarm = page.locator(".cnn-network .cnn-alarm")
    expect(alarm).to_contain_text("architecture is 'vgg17'; choose one of lenet5")
    assert opened.ask("explorer.architecture") == "resnet152"
    expect(page.locator("[data-control=architecture]")).to_have_value("resnet152")


def test_the_explorer_has_no_violation_in_jupyterlab(opened: Lesson) -> None:
    area = opened.page.locator(
        ".jp-OutputArea", has=opened.page.locator(".cnn-network")
    )
    assert opened.violations(area.first) == []
    assert opened.faults == []
