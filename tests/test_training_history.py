"""`History`: the best epoch, the table, JSON."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import torch

from course_utils.training import (
    EpochRecord,
    History,
    evaluate,
    save_checkpoint,
)
from tests.training_toys import (
    VALIDATION,
    Setup,
    tiny_cnn,
)


def _history(*accuracies: float, loss: float = 1.0) -> History:
    return History(
        tuple(
            EpochRecord(number, 2.0, loss / number, accuracy, 12.25)
            for number, accuracy in enumerate(accuracies, 1)
        )
    )


def test_best_epoch_is_the_most_accurate_then_the_lower_loss() -> None:
    best = _history(0.5, 0.7, 0.7, 0.6).best
    assert best is not None
    assert best.epoch == 3


def test_best_weights_are_those_of_the_best_epoch() -> None:
    run = Setup(lr=0.3)
    weights = []
    history = None
    for epoch in (1, 2, 3, 4):
        history = run.fit(epoch, history=history)
        weights.append({k: v.clone() for k, v in run.model.state_dict().items()})
    assert history is not None
    assert history.best is not None
    history.load_best(run.model)
    expected = weights[history.best.epoch - 1]
    assert all(torch.equal(expected[k], v) for k, v in run.model.state_dict().items())
    assert evaluate(run.model, VALIDATION).accuracy == history.best.val_accuracy


def test_table_is_stable_and_marks_the_best_in_words() -> None:
    assert repr(_history(0.5, 0.625)) == (
        "Epoch  Training loss  Validation loss  Validation accuracy\n"
        "    1          2.000            1.000                50.0%\n"
        "    2          2.000            0.500                62.5%  ← best"
    )


def test_times_show_only_when_asked() -> None:
    history = _history(0.5)
    assert "12.2" not in repr(history) + history._repr_html_()
    assert "12.2" in history.table(times=True)


def test_html_table_is_well_formed_and_has_headers() -> None:
    root = ET.fromstring(_history(0.5, 0.6)._repr_html_())
    assert root.find("caption") is not None
    assert [th.get("scope") for th in root.iter("th")] == ["col"] * 4 + ["row"] * 2
    assert "2 (best)" in [th.text for th in root.iter("th")]


def test_empty_history_says_so() -> None:
    assert repr(History()) == "no epoch yet"
    assert History().best is None


def test_json_keeps_thenumbers() -> None:
    history = _history(0.5, 0.6)
    again = History.from_json(history.to_json())
    assert again.records == history.records


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"epoch": 1}]', "3"])
def test_text_that_is_no_history_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="this is no history"):
        History.from_json(text)


def test_history_from_json_has_no_weights() -> None:
    history = _history(0.5)
    with pytest.raises(ValueError, match="numbers alone"):
        history.load_best(tiny_cnn())
    with pytest.raises(ValueError, match="numbers alone"):
        Setup().fit(2, history=history)
    with pytest.raises(ValueError, match="numbers alone"):
        save_checkpoint("run.pt", history)


def test_best_weights_of_another_model_are_refused() -> None:
    history = Setup().fit(1)
    with pytest.raises(ValueError, match="another model"):
        history.load_best(tiny_cnn(classes=7))
