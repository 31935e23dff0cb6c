"""Pictures of shapes and the sentences about them."""

import pytest
import torch

from course_utils.beyond.described import (
    COLOURS,
    END,
    VOCABULARY,
    Description,
    Group,
    decode,
    describe_at_random,
    draw_pictures,
    encode,
)

SCENE = Description(Group(2, "red", "ring"), "above", Group(1, "blue", "square"))


def test_both_sentences_say_the_same_from_either_side() -> None:
    assert SCENE.sentences() == (
        "two red rings above a blue square",
        "a blue square below two red rings",
    )
    beside = Description(SCENE.first, "left of", SCENE.second)
    assert beside.sentences()[1] == "a blue square right of two red rings"


def test_a_picture_has_its_colours_where_the_sentence_says() -> None:
    generator = torch.Generator().manual_seed(0)
    beside = Description(SCENE.first, "left of", SCENE.second)
    above, left = draw_pictures([SCENE, beside], generator)

    def share(part: torch.Tensor, colour: str) -> float:
        wanted = torch.tensor(COLOURS[colour])[:, None, None]
        return ((part - wanted).abs().amax(0) < 0.2).float().mean().item()

    for picture, top in ((above, above[:, :16]), (left, left[:, :, :16])):
        assert share(top, "red") > 0.1
        assert share(top, "blue") < 0.02
        assert share(picture, "blue") > 0.02


def test_random_descriptions_are_of_all_kinds() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = [describe_at_random(generator) for _ in range(600)]
    groups = {(d.first.number, d.first.colour, d.first.shape) for d in drawn}
    assert len(groups) == 3 * 4 * 3
    share = sum(d.shows("green", "triangle") for d in drawn) / 600
    assert abs(share - (1 - (11 / 12) ** 2)) < 0.05


def test_shows_wants_colour_and_shape_in_one_group() -> None:
    assert SCENE.shows("red", "ring")
    assert not SCENE.shows("red", "square")


def test_encoding_goes_there_and_back() -> None:
    generator = torch.Generator().manual_seed(1)
    for _ in range(50):
        for sentence in describe_at_random(generator).sentences():
            tokens = encode(sentence)
            assert tokens.shape == (9,)
            assert decode(tokens) == sentence
            assert VOCABULARY[int(tokens[-1])] == END


def test_unknown_word_and_long_sentence_are_refused() -> None:
    with pytest.raises(ValueError, match="'purple' is not in the vocabulary"):
        encode("a purple ring")
    with pytest.raises(ValueError, match="has 12 words; at most 8 fit"):
        encode(" ".join(["red"] * 12))
