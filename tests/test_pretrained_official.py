"""Official weights: found, verified, fetched from a server, and never believed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from course_utils import pretrained
from course_utils.assets import DownloadError, MissingAssetError
from course_utils.assets.transfer import Limits
from course_utils.pretrained import WeightsError, official
from tests import http_faults as faults
from tests.stand_in_weights import official_name, put, random_state

QUICK = Limits(connect_seconds=2, silent_seconds=2, pause_seconds=0.01)
DATA = bytes(range(256)) * 8192  # 2 MiB
FILE = f"net-{hashlib.sha256(DATA).hexdigest()[:8]}.pth"
MIB = 2.0


@pytest.fixture(autouse=True)
def empty_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_WEIGHTS", raising=False)
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    return tmp_path / "hub" / "checkpoints"


@pytest.fixture
def server() -> Iterator[faults.Server]:
    with faults.Server() as server:
        yield server


def fits(network: str, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file count as the official one of a network."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    known = official.starts
    monkeypatch.setattr(
        official, "starts", lambda f: digest[:8] if f == path.name else known(f)
    )


@pytest.mark.parametrize(
    ("role", "network"),
    [
        ("classifier", "resnet50"),
        ("body", "resnet18"),
        ("style_features", "vgg19"),
        ("segmenter", "deeplabv3_resnet50"),
    ],
)
def test_a_stand_in_runs_to_the_end(role: str, network: str, hub: Path) -> None:
    put(network, hub)
    found = getattr(pretrained, role)(quiet=True)
    assert (found.name, found.source) == (network, "official")
    with torch.no_grad():
        answer = found.model(found.prepare(torch.rand(1, 3, 64, 64)))
    values = answer["out"] if role == "segmenter" else answer
    assert len(values) == 1
    assert values.isfinite().all()
    if found.classes:
        assert values.shape[1] == len(found.classes)


@pytest.mark.parametrize(
    ("role", "network"),
    [
        ("detector", "fasterrcnn_resnet50_fpn"),
        ("instance_segmenter", "maskrcnn_resnet50_fpn"),
    ],
)
def test_a_stand_in_detector_runs_to_the_end(
    role: str, network: str, hub: Path
) -> None:
    put(network, hub)
    found = getattr(pretrained, role)(quiet=True)
    assert (found.name, found.source) == (network, "official")
    found.model.transform.min_size = (64,)
    with torch.no_grad():
        (answer,) = found.model(list(found.prepare(torch.rand(1, 3, 64, 64))))
    assert ("masks" in answer) == (role == "instance_segmenter")
    assert len(found.classes) == 91


@pytest.mark.parametrize(
    "network",
    [
        "resnet18",
        "deeplabv3_resnet50",
        "fasterrcnn_resnet50_fpn",
        "maskrcnn_resnet50_fpn",
    ],
)
def test_it_is_what_torchvision_makes_of_its_weights(
    network: str, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.models import WeightsEnum, get_model, get_model_weights

    state = random_state(network)
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: state)
    theirs = get_model(network, weights=get_model_weights(network).DEFAULT).eval()
    put(network, hub)
    ours = official.load_official(network, quiet=True).model
    assert repr(ours) == repr(theirs)  # every layer, and its settings such as epsilon
    expected = theirs.state_dict()
    assert list(ours.state_dict()) == list(expected)
    assert all(torch.equal(v, expected[k]) for k, v in ours.state_dict().items())


@pytest.mark.parametrize("network", ["resnet18", "resnet50"])
def test_images_are_prepared_as_torchvision_does(network: str, hub: Path) -> None:
    from torchvision.models import get_model_weights

    put(network, hub)
    found = official.load_official(network, quiet=True)
    how = get_model_weights(network).DEFAULT.transforms()
    images = torch.rand(1, 3, how.crop_size[0], how.crop_size[0])
    how.resize_size = how.crop_size
    assert found.input_size == how.crop_size[0]
    assert torch.allclose(found.prepare(images), how(images), atol=1e-5)


@pytest.mark.parametrize("network", ["squeezenet1_1", "mobilenet_v2", "alexnet"])
def test_every_classifier_is_loaded_from_its_official_name(
    network: str, hub: Path
) -> None:
    put(network, hub)
    assert pretrained.classifier(network, quiet=True).source == "official"


def test_a_file_with_another_checksum_is_used_and_said_loudly(
    hub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put("resnet18", hub)
    begins = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    network = pretrained.classifier("resnet18")
    words = f"its SHA-256 begins with {begins} instead of f37072fd"
    assert f"not the official file: {words}" in capsys.readouterr().out
    assert words in str(network)
    assert "the published accuracy does not apply" in str(network)
    assert network.top1 is None
    assert "69.8" not in str(network)


def test_a_file_with_the_right_checksum_has_the_published_accuracy(
    hub: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put("resnet18", hub)
    fits("resnet18", path, monkeypatch)
    network = pretrained.classifier("resnet18")
    assert network.top1 == 69.758
    assert network.note == ""
    assert str(network).startswith("ResNet-18: 69.8 % top-1 on ImageNet as published ·")
    assert str(network).endswith(" · torchvision's IMAGENET1K_V1")
    assert capsys.readouterr().out == ""


def test_the_workbook_cache_is_looked_into_too(tmp_path: Path) -> None:
    put("resnet18", tmp_path / "cache")
    assert pretrained.classifier(quiet=True).name == "resnet18"


def test_older_official_weights_count_too(hub: Path) -> None:
    older = put("resnet50", hub).rename(hub / "resnet50-0676ba61.pth")
    assert "0676ba61" in pretrained.classifier("resnet50", quiet=True).note
    assert older.is_file()


def test_weights_are_loaded_exactly(hub: Path) -> None:
    put("resnet18", hub)
    loaded = pretrained.classifier("resnet18", quiet=True).model.state_dict()
    for key, value in random_state("resnet18").items():
        assert torch.equal(loaded[key], value), key


def test_a_truncated_file_is_refused(hub: Path) -> None:
    path = put("resnet18", hub)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(WeightsError, match=r"resnet18-f37072fd.pth .* truncated"):
        pretrained.classifier("resnet18")


def test_the_file_of_another_network_is_refused(hub: Path) -> None:
    put("resnet50", hub).rename(hub / official_name("resnet18"))
    with pytest.raises(WeightsError, match="another network than ResNet-18") as caught:
        pretrained.classifier("resnet18")
    assert len(str(caught.value)) < 900
    assert "layer1.0.conv3.weight" in str(caught.value)


def test_missing_weights_say_where_and_how() -> None:
    with pytest.raises(MissingAssetError) as caught:
        pretrained.classifier("resnet50")
    for words in ("resnet50-11ad3fa6.pth", "(98 MiB)", "download=True", "by hand"):
        assert words in str(caught.value)


def test_offline_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(MissingAssetError, match="unset COURSE_OFFLINE"):
        pretrained.detector(download=True)


def test_a_download_is_verified_and_named_last(
    server: faults.Server, tmp_path: Path
) -> None:
    url = server.add(FILE, faults.good(DATA))
    path = official.fetch(url, MIB, tmp_path, quiet=True, limits=QUICK)
    assert path == tmp_path / FILE
    assert path.read_bytes() == DATA


def test_a_download_resumes_after_breaking_off(
    server: faults.Server, tmp_path: Path
) -> None:
    url = server.add(FILE, faults.breaks_off(DATA, each=1_000_000))
    official.fetch(url, MIB, tmp_path, quiet=True, limits=QUICK)
    assert (tmp_path / FILE).read_bytes() == DATA
    assert [start for start in server.ranges(FILE) if start] == [
        "bytes=1000000-",
        "bytes=2000000-",
    ]


def test_wrong_bytes_never_get_the_final_name(
    server: faults.Server, tmp_path: Path
) -> None:
    url = server.add(FILE, faults.good(bytes(len(DATA))))
    with pytest.raises(DownloadError, match="wrong bytes"):
        official.fetch(url, MIB, tmp_path, quiet=True, limits=QUICK)
    assert not (tmp_path / FILE).exists()


def test_a_file_of_another_size_is_not_even_fetched(
    server: faults.Server, tmp_path: Path
) -> None:
    url = server.add(FILE, faults.good(DATA[:1000]))
    with pytest.raises(DownloadError, match=r"announces 1,000 bytes.* 2\.0 MiB"):
        official.fetch(url, MIB, tmp_path, quiet=True, limits=QUICK)


def test_a_refusing_server_is_named(server: faults.Server, tmp_path: Path) -> None:
    url = server.add(FILE, faults.status(403))
    with pytest.raises(DownloadError, match=r"answered 403 .* by hand"):
        official.fetch(url, MIB, tmp_path, quiet=True, limits=QUICK)


def test_asking_for_official_weights_fetches_them(
    server: faults.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = put("resnet18", tmp_path / "elsewhere")
    fits("resnet18", whole, monkeypatch)
    url = server.add(whole.name, faults.good(whole.read_bytes()))
    fetch = official.fetch

    def from_here(_: str, __: float, folder: Path, *, quiet: bool) -> Path:
        mib = whole.stat().st_size / 2**20
        return fetch(url, mib, folder, quiet=quiet, limits=QUICK)

    monkeypatch.setattr(official, "fetch", from_here)
    network = pretrained.body(download=True, quiet=True)
    assert (network.name, network.note) == ("resnet18", "")
    assert (tmp_path / "cache" / whole.name).is_file()
    server.requests.clear()
    assert pretrained.body(quiet=True).name == "resnet18"
    assert server.requests == []
