"""Devices: chosen, waited for, timed; copies counted; sizes measured."""

import json
import time
from itertools import pairwise

import pytest
import torch

from course_utils import devices
from course_utils.devices import sizes

needs_cuda = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="needs a CUDA device"
)


@pytest.fixture(autouse=True)
def _no_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_DEVICE", raising=False)


def _has(monkeypatch: pytest.MonkeyPatch, *kinds: str) -> None:
    """Pretend that the machine has these kinds of device, beside a CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in kinds)
    monkeypatch.setattr(torch.xpu, "is_available", lambda: "xpu" in kinds)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in kinds)


# choosing


@pytest.mark.parametrize(
    ("there", "best"),
    [
        (("xpu", "mps", "cuda"), "cuda"),
        (("xpu", "mps"), "mps"),
        (("xpu",), "xpu"),
        ((), "cpu"),
    ],
)
def test_best_device_is_the_first_of_cuda_mps_xpu_cpu(
    monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], best: str
) -> None:
    _has(monkeypatch, *there)
    assert devices.best_device(quiet=True).type == best
    assert set(devices.available()) == {*there, "cpu"}


def test_best_device_says_what_it_chose(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _has(monkeypatch)
    devices.best_device()
    said = capsys.readouterr().out
    assert said.startswith("device cpu: ")
    assert "COURSE_DEVICE" not in said


def test_environment_asks_for_another_device(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _has(monkeypatch, "cuda")
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert devices.best_device() == torch.device("cpu")
    assert "as COURSE_DEVICE asks" in capsys.readouterr().out


def test_environment_may_name_a_second_card(monkeypatch: pytest.MonkeyPatch) -> None:
    _has(monkeypatch, "cuda")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("COURSE_DEVICE", "cuda:1")
    assert devices.best_device(quiet=True) == torch.device("cuda:1")


@pytest.mark.parametrize("asked", ["cuda:2", "mps", "meta", "gpu"])
def test_device_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    _has(monkeypatch, "cuda")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("COURSE_DEVICE", asked)
    with pytest.raises(ValueError, match=rf"'{asked}'; this machine has cuda, cpu"):
        devices.best_device()


def test_description_names_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Some Card")
    assert devices.describe("cuda:1") == "cuda:1: Some Card"


# timing


def test_synchronize_refuses_what_it_cannot_wait_for() -> None:
    devices.synchronize("cpu")
    with pytest.raises(ValueError, match="device is meta"):
        devices.synchronize("meta")


def test_synchronize_waits_for_the_right_backend(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[str] = []
    for kind in ("cuda", "xpu", "mps"):
        backend = getattr(torch, kind)
        monkeypatch.setattr(
            backend, "synchronize", lambda *_, kind=kind: waited.append(kind)
        )
        devices.synchronize(kind)
    assert waited == ["cuda", "xpu", "mps"]


def test_timed_calls_as_often_as_it_says() -> None:
    calls: list[int] = []
    times = devices.timed(lambda: calls.append(1), repeats=3, warm_up=2, calls=4)
    assert len(times) == 3
    assert len(calls) == 2 + 3 * 4


def test_timed_gives_seconds_of_one_call() -> None:
    times = devices.timed(lambda: time.sleep(0.01), repeats=2, calls=2)
    assert all(0.01 <= seconds < 0.1 for seconds in times)


def test_timed_waits_before_each_reading_of_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[str] = []
    monkeypatch.setattr(
        "course_utils.devices.timing.synchronize", lambda _: events.append("wait")
    )
    devices.timed(lambda: events.append("call"), repeats=2)
    assert events == ["call", "wait", "call", "wait", "call", "wait"]


@pytest.mark.parametrize("wrong", [{"repeats": 0}, {"calls": 0}, {"warm_up": -1}])
def test_timed_refuses_to_measure_nothing(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1, 1 and 0"):
        devices.timed(lambda: None, **wrong)


# copies


def test_copies_and_their_bytes_are_counted() -> None:
    batch = torch.zeros(4, 3, dtype=torch.uint8)
    with devices.CopyCounter("meta") as counter:
        for row in batch.float():
            row.to("meta")
        batch.to("meta")
    assert (counter.copies, counter.bytes) == (5, 4 * 3 * 4 + 12)


def test_copies_into_memory_of_the_device_are_counted() -> None:
    rows = torch.zeros(4, 3, dtype=torch.uint8)
    there = torch.empty_like(rows, device="meta")
    with devices.CopyCounter("meta") as counter:
        there.copy_(rows)
        for place, row in enumerate(rows):
            there[place] = row
        there[0] = there[1]  # within the device
    assert (counter.copies, counter.bytes) == (5, 12 + 12)


def test_what_is_there_already_is_not_counted() -> None:
    there = torch.zeros(4, device="meta")
    with devices.CopyCounter("meta") as counter:
        there.to("meta")
        there.to(torch.float64)  # converted, and not copied from elsewhere
        torch.zeros(3).to(torch.float64)
    assert counter.copies == 0


# sizes


def test_sizes_come_with_work_and_time() -> None:
    run = devices.measure_sizes("cpu", rounds=2, longest=1e-5, shortest=1e-5)
    assert json.loads(json.dumps(run)) == run
    assert (run["rounds"], run["dtype"]) == (2, "float32")
    for operation in ("matrix", "convolution"):
        for point in run[operation]:
            assert 0 < point["fastest"] <= point["seconds"] <= point["slowest"]
    assert [p["size"] for p in run["matrix"][:3]] == [4, 8, 16]


def test_sizes_end_after_the_first_that_takes_too_long() -> None:
    run = devices.measure_sizes("cpu", rounds=1, longest=0.0, shortest=1e-5)
    assert [p["size"] for p in run["matrix"]] == [4]
    assert [p["size"] for p in run["convolution"]] == [1]


def test_work_is_counted_as_by_pytorch() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        torch.ones(16, 16) @ torch.ones(16, 16)
    assert sizes.matrix_flops(16) == counter.get_total_flops()
    maps, weight = torch.ones(16, 8, 16, 16), torch.ones(8, 8, 3, 3)
    with FlopCounterMode(display=False) as counter:
        torch.nn.functional.conv2d(maps, weight, padding=1)
    assert sizes.convolution_flops(8) == counter.get_total_flops()


def test_sizes_refuse_no_rounds() -> None:
    with pytest.raises(ValueError, match="rounds is 0"):
        devices.measure_sizes("cpu", rounds=0)


# what only a CUDA device can do


def test_transfers_are_none_without_cuda() -> None:
    assert devices.measure_transfers("cpu") is None


def test_timeline_of_cuda_needs_cuda() -> None:
    with pytest.raises(ValueError, match="device is cpu"):
        devices.cuda_timeline("cpu")


@needs_cuda
def test_cuda_timeline_shows_launches_before_products() -> None:
    spans = devices.cuda_timeline("cuda", launches=3)
    launches = [s for s in spans if s.label.startswith("launch")]
    products = [s for s in spans if s.row == "device"]
    assert len(launches) == len(products) == 3
    assert launches[-1].end < products[-1].end
    assert all(a.end <= b.start for a, b in pairwise(products))


@needs_cuda
def test_cuda_transfers_are_measured_in_five_ways() -> None:
    run = devices.measure_transfers("cuda", batch_size=64, rounds=3)
    assert run is not None
    by_name = {way["name"]: way for way in run["ways"]}
    assert len(by_name) == 5
    assert by_name["floats, pinned"]["bytes"] == 4 * by_name["bytes, pinned"]["bytes"]
    assert all(way["seconds"] > 0 for way in run["ways"])


@needs_cuda
def test_cuda_sizes_are_measured() -> None:
    run = devices.measure_sizes("cuda", rounds=1, longest=1e-4)
    assert len(run["matrix"]) > 3
