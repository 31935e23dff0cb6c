"""Predictions: recorded, compared, never in the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from course_utils.predict import predict


def compared(guess: Any, actual: Any, **settings: Any) -> str:
    prediction = predict("How large is it?")
    prediction.record(guess)
    return repr(prediction.reveal(actual, **settings))


def test_wrong_number_is_told_with_the_reason() -> None:
    text = compared(-45, -25, because="−45 is −20 + −25, a running sum.")
    assert text == "You predicted −45; it is −25. −45 is −20 + −25, a running sum."


def test_right_number_is_told() -> None:
    assert compared("−25", -25) == "You predicted −25, and so it is."


def test_no_prediction_is_told_and_not_blamed() -> None:
    comparison = predict("How large is it?").reveal(-25)
    assert comparison.text == "You made no prediction this time: it is −25."
    assert comparison.verdict == "none"


@pytest.mark.parametrize(
    ("guess", "actual", "verdict"),
    [
        ("0.33", 1 / 3, "match"),
        ("0,5", 0.5, "match"),
        ("0.3", 1 / 3, "differs"),
        (15_199, 15_200, "differs"),
        ("15 200", 15_200.0, "match"),
        (0, 0.0, "match"),
        ("1/9", torch.tensor(1 / 9), "match"),
        (np.float32(2.5), 2.5, "match"),
        ("1, 3, 32, 32", torch.Size([1, 3, 32, 32]), "match"),
        ("3,224,224", (3, 224, 224), "match"),
        ("3, 224, 224", (3, 224, 224), "match"),
        ("4 4", [4, 4], "match"),
        ([[1, 2], [3, 4]], torch.tensor([[1, 2], [3, 4]]), "match"),
        ("Darker ", "darker", "match"),
        (True, True, "match"),
        (5, float("nan"), "differs"),
        ("many", 3, "unread"),
        ("the whole image", [1, 2], "unread"),
    ],
)
def test_verdict(guess: Any, actual: Any, verdict: str) -> None:
    prediction = predict("How large is it?")
    prediction.record(guess)
    assert prediction.reveal(actual).verdict == verdict


def test_tolerance_may_be_given() -> None:
    assert compared(40, 47, tolerance=10) == "You predicted 40, and so it is."


def test_lists_are_compared_value_by_value() -> None:
    text = compared("-11 -20 -45 -70", torch.tensor([-11.0, -20.0, -25.0, -25.0]))
    assert text == (
        "You predicted [−11, −20, −45, −70]; it is [−11, −20, −25, −25]. "
        "2 of 4 values match."
    )


def test_list_of_another_length_is_told() -> None:
    assert compared([1, 2], [1, 2, 3]) == (
        "You predicted [1, 2] (2 of the 3 expected values); it is [1, 2, 3]."
    )


def test_unreadable_text_is_told_not_raised() -> None:
    assert compared("3 of them", 3) == (
        "You wrote “3 of them”, which does not read as a number; it is 3."
    )


def test_long_results_are_not_written_out() -> None:
    assert "it is a list of 100 values." in compared(3, torch.zeros(10, 10))


def test_value_is_what_was_recorded() -> None:
    prediction = predict("How large is it?")
    assert prediction.value is None
    prediction.record("−2,5")
    assert prediction.value == -2.5
    prediction.record(torch.tensor([1, 2]))
    assert prediction.value == [1, 2]
    prediction.record(None)
    assert prediction.value is None


def test_browser_records_what_was_typed() -> None:
    prediction = predict("How large is it?")
    prediction.on_typed({"typed": " −45 "})
    assert prediction.value == -45
    assert prediction.status == "Recorded: −45. Run the next cell to compare."


def test_status_says_what_could_not_be_read() -> None:
    prediction = predict("How large is it?")
    prediction.record("3 of them")
    assert "cannot read it as a number or a list" in prediction.status
    prediction.record("it gets darker")
    assert prediction.status.startswith("Recorded: “it gets darker”.")


def test_status_is_sent_anew_when_it_is_the_same() -> None:
    prediction = predict("How large is it?")
    seen: list[str] = []
    prediction.observe(lambda change: seen.append(change["new"]), names="status")
    prediction.record(3)
    prediction.record(3)
    assert seen[0] == seen[2] != seen[1] == ""


def test_options_that_look_like_numbers_stay_as_they_are() -> None:
    prediction = predict("How many?", options=["1,5", "15"])
    prediction.record("1,5")
    assert prediction.status.startswith("Recorded: “1,5”.")
    assert prediction.reveal("1,5").verdict == "match"


@pytest.mark.parametrize("options", [[], ["yes"], ["yes", "yes"]])
def test_options_must_be_a_choice(options: list[str]) -> None:
    with pytest.raises(ValueError, match="expected at least two, each different"):
        predict("Does it change?", options=options)


def test_empty_question_is_refused() -> None:
    with pytest.raises(ValueError, match="question is empty"):
        predict(" ")


def test_texts_hold_no_address() -> None:
    prediction = predict("How large?")
    prediction.record(3)
    assert repr(prediction) == "Prediction('How large?', value=3)"
    assert prediction.reveal(4)._repr_html_() == "<p>✗ You predicted 3; it is 4.</p>"


def test_html_of_a_comparison_escapes_what_was_typed() -> None:
    prediction = predict("How large?")
    prediction.record("<script>")
    assert "&lt;script&gt;" in prediction.reveal(4)._repr_html_()


def test_bundle_holds_the_live_view_and_the_words_for_paper() -> None:
    prediction = predict("Does `stride=2` change it?", options=["yes", "no"])
    data, _ = prediction._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "<code>stride=2</code>" in data["text/html"]
    assert "<li>yes</li><li>no</li>" in data["text/html"]
