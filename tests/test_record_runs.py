"""Recording lesson 05's runs: slots, machines in words, and going on where it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from course_utils.climb import CLIMB, Run, Rung, rung
from tests.climb_toys import tiny_data
from tools import record_runs, recording_climb
from tools import recording_slots as slots

RUNGS = tuple(
    rung(name) for name in ("channels last", "residual, bfloat16", "flip at test time")
)


@pytest.fixture(autouse=True)
def partial_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "partial"
    monkeypatch.setattr(slots, "PARTIAL", folder)
    threads = torch.get_num_threads()
    yield folder
    torch.set_num_threads(threads)


def measured(rungs: tuple[Rung, ...] = RUNGS, seeds: int = 2) -> slots.Slot:
    data = tiny_data(train=256)
    return recording_climb.measure(
        data, "cpu", seeds=seeds, seconds=0.05, rounds=1, rungs=rungs
    )


def test_a_slot_is_replaced_and_the_other_devices_kept(tmp_path: Path) -> None:
    slots.keep_slot("climb", "cpu", {"a": 1}, tmp_path)
    slots.keep_slot("climb", "cuda", {"b": 2}, tmp_path)
    file = slots.keep_slot("climb", "cpu", {"a": 3}, tmp_path)
    assert json.loads(file.read_text("utf-8")) == {"cpu": {"a": 3}, "cuda": {"b": 2}}
    assert [path.name for path in tmp_path.iterdir()] == ["training_climb.json"]


def test_a_device_that_nobody_had_is_null(tmp_path: Path) -> None:
    file = slots.keep_slot("climb", "cpu", {}, tmp_path)
    assert json.loads(file.read_text("utf-8"))["cuda"] is None


def test_a_climb_holds_every_rung_and_seed() -> None:
    slot = measured()
    assert [one["name"] for one in slot["rungs"]] == [one.name for one in RUNGS]
    assert {len(one["runs"]) for one in slot["rungs"]} == {2}
    assert slot["n"] == {"training": 256, "validation": 20, "test": 20}
    assert slot["data"] == "the drawn world"


def test_what_only_judges_is_not_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    trained = []
    train = recording_climb.train

    def counted(setup: Any, *args: Any, **options: Any) -> Run:
        trained.append(setup)
        return train(setup, *args, **options)

    monkeypatch.setattr(recording_climb, "train", counted)
    slot = measured(seeds=1)
    assert trained == [RUNGS[0].setup, RUNGS[1].setup]
    base, flipped = slot["rungs"][1:]
    assert flipped["images_per_second"] == base["images_per_second"]
    assert flipped["runs"][0]["marks"][-1][:3] == base["runs"][0]["marks"][-1][:3]


def test_a_killed_recording_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, partial_folder: Path
) -> None:
    train, calls = recording_climb.train, []

    def killed_at_the_third(*args: Any, **options: Any) -> Run:
        calls.append(options["seed"])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train(*args, **options)

    monkeypatch.setattr(recording_climb, "train", killed_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        measured()
    kept = json.loads((partial_folder / "training_climb_cpu.json").read_text("utf-8"))
    slot = measured()
    assert calls == [0, 0, 1, 1, 1]
    first_seed = [one["runs"][0] for one in slot["rungs"]]
    assert first_seed == [kept["measured"][f"{one.name}, seed 0"] for one in RUNGS]
    assert not list(partial_folder.iterdir())


def test_a_run_that_saw_far_fewer_images_than_the_others_was_disturbed(
    tmp_path: Path,
) -> None:
    partial = slots.Partial("climb", {"device": "cpu"}, tmp_path)
    for number, one in enumerate(RUNGS):
        for seed, images in enumerate((1000, 1010, 840 if number == 1 else 990)):
            row = {"marks": [[12.0, images, 1.0, 0.5]], "test_accuracy": 0.5}
            partial.keep({f"{one.name}, seed {seed}": row})
    assert recording_climb.disturbed(partial, 3, RUNGS) == [(RUNGS[1], 2)]
    assert recording_climb.disturbed(partial, 2, RUNGS) == []


def test_an_interrupted_training_is_not_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = torch.nn.Linear(1, 1)
    unfinished = Run(RUNGS[0].setup, model, first_call=0.1)
    monkeypatch.setattr(recording_climb, "train", lambda *_, **__: unfinished)
    with pytest.raises(KeyboardInterrupt):
        measured()


def test_a_recording_of_other_conditions_is_begun_anew() -> None:
    begun = {"device": "cpu", "seconds": 1, "date": "2026-11-22"}
    slots.Partial("x", begun).keep({"a": 1})
    assert "a" in slots.Partial("x", begun | {"date": "2026-11-23"})
    assert "a" not in slots.Partial("x", begun | {"seconds": 2})


def test_a_processor_is_described_by_kind_and_never_by_host() -> None:
    listing = (
        "model name\t: Some(R) Chip(TM) Processor @ 2.1GHz\ncpu family\t: 6\n"
        "model\t: 207\nflags\t: sse avx512f amx_bf16\n"
    )
    found = slots.processor(listing)
    assert found == "Some Chip (family 6, model 207), AVX-512, AMX with bfloat16"


def test_a_folder_is_named_without_its_path() -> None:
    data = tiny_data()
    object.__setattr__(data, "source", "folder")
    assert slots.data_name(data) == "a folder of 104 images"


def test_a_card_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit):
        record_runs.main(["climb", "--device", "cuda"])
    assert "no CUDA device" in capsys.readouterr().err


def test_the_command_writes_the_slot_of_its_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(record_runs.WHAT, "climb", lambda options: vars(options))
    monkeypatch.setattr(
        record_runs, "keep_slot", lambda *args: slots.keep_slot(*args, tmp_path)
    )
    record_runs.main(["climb", "--seeds", "5", "--threads", "1"])
    written = json.loads((tmp_path / "training_climb.json").read_text("utf-8"))
    assert written["cpu"]["seeds"] == 5


def test_every_rung_but_the_flip_is_trained() -> None:
    only_judged = [one for one in CLIMB if recording_climb.judges_only(one, CLIMB)]
    assert [one.name for one in only_judged] == ["flip at test time"]
