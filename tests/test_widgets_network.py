"""The Python side of the network explorer, without a browser."""

from __future__ import annotations

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

from course_utils.network_activations import IN_ORDER
from course_utils.photos import photo
from course_utils.widgets import NetworkExplorer
from tests.network_toys import CLASSES, Toy, toy_explorer

mpl.use("agg")

LAYERS = (
    "conv",
    "relu",
    "joined.narrow",
    "joined.wide",
    "joined (concatenation)",
    "pool",
    "(flatten)",
    "head",
)


def test_layers_come_in_the_order_of_the_forward_pass() -> None:
    assert toy_explorer().layers == LAYERS


def test_feature_maps_are_those_of_the_model() -> None:
    shown, model = toy_explorer("conv"), Toy()
    images = photo("chelsea", size=(40, 32))[None]
    conv = model.conv(images)
    assert shown.feature_maps is not None
    torch.testing.assert_close(shown.feature_maps, conv[0])
    shown.layer = "joined (concatenation)"
    torch.testing.assert_close(shown.feature_maps, model.joined(conv.relu())[0])
    assert shown.probabilities is not None
    torch.testing.assert_close(shown.probabilities, model(images)[0].softmax(0))


def test_images_are_prepared_before_the_model_sees_them() -> None:
    def prepare(images: Tensor) -> Tensor:
        return images * 2 - 1

    shape = (1, 3, 40, 32)
    shown = NetworkExplorer(Toy(), input_shape=shape, prepare=prepare)
    images = prepare(photo("chelsea", size=(40, 32))[None])
    assert shown.feature_maps is not None
    torch.testing.assert_close(shown.feature_maps, Toy().conv(images)[0])


def test_the_most_probable_classes_come_first_with_their_names() -> None:
    shown = toy_explorer()
    assert [name for name, _ in shown.top] != list(CLASSES)
    assert {name for name, _ in shown.top} == set(CLASSES)
    values = [value for _, value in shown.top]
    assert values == sorted(values, reverse=True)
    nameless = NetworkExplorer(Toy(), input_shape=(1, 3, 40, 32))
    best = CLASSES.index(shown.top[0][0])
    assert nameless.top[0][0] == f"class {best}"


def test_another_layer_keeps_the_place_in_the_image() -> None:
    shown = toy_explorer("conv")
    shown.position = (19, 0)
    before = shown.facts.box(*shown.position)
    shown.layer = "pool"
    assert shown.position == (2, 0)
    top, _, height, _ = shown.facts.box(*shown.position)
    assert top <= before.top < top + height


def test_channel_is_read_and_set_by_its_number() -> None:
    shown = toy_explorer("conv")
    assert shown.feature_maps is not None
    strength = shown.feature_maps.abs().mean(dim=(1, 2))
    assert shown.channel == int(strength.argmax())
    weakest = int(strength.argmin())
    shown.channel = weakest
    assert shown.channel == weakest
    assert weakest in shown._page["channels"]  # on the second page
    shown.order = IN_ORDER
    assert shown.channel == shown.view().rank


def test_an_image_of_ones_own_is_fitted_and_remembered() -> None:
    shown = toy_explorer()
    own = torch.zeros(3, 80, 200, dtype=torch.uint8)
    own[0] = 255
    shown.image = own
    assert shown.image == "your image 1"
    assert shown._photo["shape"] == [3, 40, 32]
    assert shown._photo["data"][:3] == b"\xff\xff\xff"
    shown.image = "coffee"
    shown.image = "your image 1"
    assert shown.feature_maps is not None
    red = torch.tensor([1.0, 0, 0])[None, :, None, None].expand(1, 3, 40, 32)
    torch.testing.assert_close(shown.feature_maps, Toy().conv(red)[0])


def test_a_grey_network_sees_a_grey_image() -> None:
    shown = NetworkExplorer(nn.Conv2d(1, 2, 3), input_shape=(1, 1, 20, 20))
    assert shown._photo["shape"] == [1, 20, 20]
    shown.image = torch.rand(3, 30, 20)
    assert shown._photo["shape"] == [1, 20, 20]


def test_the_model_itself_never_changes() -> None:
    model = Toy().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    shown = NetworkExplorer(model, input_shape=(1, 3, 40, 32))
    shown.layer = "head"
    assert all(torch.equal(model.state_dict()[n], value) for n, value in before.items())
    assert model.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_repr_is_stable_and_has_no_address() -> None:
    assert repr(toy_explorer("pool")) == (
        "NetworkExplorer('Toy', layer='pool', image='chelsea', position=(1, 1))"
    )


def test_table_tells_facts_field_channel_and_classes() -> None:
    shown = toy_explorer("joined (concatenation)")
    shown.position = (0, 5)
    table = shown.table()
    facts = dict(table.rows)
    assert facts["Module"] == "concatenation of 2 tensors"
    assert facts["Input"] == "(1, 6, 20, 16) and (1, 8, 20, 16)"
    assert facts["Output"] == "(1, 14, 20, 16)"
    assert facts["How the size comes"] == "6 + 8 = 14 channels"
    assert facts["Parameters"] == "0; 2,170 up to here"
    assert facts["Receptive field"] == "9 × 9 pixels, the largest over 2 branches"
    assert facts["Distance of neighbours"] == "2 pixels of the image"
    assert table.sentences[0] == (
        "Layer 5 of 8, joined (concatenation): (1, 6, 20, 16) and (1, 8, 20, 16) → "
        "(1, 14, 20, 16)."
    )
    assert table.sentences[1] == (
        "Output row 0, column 5 sees rows 0 to 4 and columns 6 to 14 of the image; "
        "receptive field 9 × 9 pixels, cut off at the edge: 4 rows above are padding."
    )
    assert table.sentences[2].startswith(f"Channel {shown.channel} of 14, number 1 in")
    assert table.sentences[3].startswith(f"Toy (yours) says: {shown.top[0][0]} 0.")
    assert table.sentences[4] == "The weights are those that your Toy has now."


def test_only_layers_that_end_in_the_classes_have_their_names() -> None:
    shown = toy_explorer("head")
    best = shown.channel
    assert best is not None
    assert f"Channel {best} of 4 ({CLASSES[best]})," in shown.table().sentences[2]
    shown.layer = "conv"
    assert "(" not in shown.table().sentences[2]


def test_a_vector_sees_the_image_without_a_position() -> None:
    assert (
        toy_explorer("head")
        .table()
        .sentences[1]
        .startswith("Each value sees the whole image; receptive field")
    )


def test_what_cannot_be_followed_is_said() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.PixelShuffle(2))
    shown = NetworkExplorer(model, "1", input_shape=(1, 3, 16, 16))
    assert shown.table().sentences[1] == (
        "The receptive field is not known from here on: pixel_shuffle cannot be "
        "followed."
    )
    shown.position = (27, 0)
    shown.layer = "0"
    assert shown.position == (7, 7)
    plt.close(shown.filmstrip())


def test_without_a_kernel_the_table_is_shown_beside_the_live_view() -> None:
    bundle = toy_explorer()._repr_mimebundle_()
    assert bundle is not None
    assert "application/vnd.jupyter.widget-view+json" in bundle[0]
    assert "<caption>" in bundle[0]["text/html"]
    assert len(bundle[0]["text/html"]) < 5000


def test_filmstrip_shows_field_map_classes_and_a_page_of_maps() -> None:
    shown = toy_explorer("conv")
    figure = shown.filmstrip()
    titles = [ax.get_title() for ax in figure.axes]
    plt.close(figure)
    assert titles[0] == "chelsea, 40 × 32\nreceptive field 5 × 5 pixels"
    assert titles[1] == f"conv\nchannel {shown.channel}, row 10, column 8"
    assert titles[2] == "most probable classes"
    shown_channels = [int(title.split(":")[0]) for title in titles[3:]]
    assert shown_channels == shown._page["channels"]


def test_front_end_is_one_module_without_imports_or_addresses() -> None:
    module = str(NetworkExplorer._esm)
    assert not re.search(r"^\s*import\b", module, re.MULTILINE)
    assert "http" not in module + str(NetworkExplorer._css)
    assert module.count("export default") == 1
