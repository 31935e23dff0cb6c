"""Recorded runs on disk: one slot a kind of device, and the state of a killed run."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import torch

from course_utils.datasets import ImageData
from course_utils.drawn import CLASS_NAMES
from tools.building.project import ROOT

Slot = dict[str, Any]

RECORDED: Final = ROOT / "data" / "recorded"
PARTIAL: Final = ROOT / "build" / "recording"
DEVICES: Final = ("cpu", "cuda")
_CIFAR10_SIZE: Final = 60_000
_CPU_FEATURES: Final = {"avx512f": "AVX-512", "amx_bf16": "AMX with bfloat16"}


def keep_slot(what: str, device: str, slot: Slot, folder: Path = RECORDED) -> Path:
    """Put a slot into ``training_<what>.json``; the other device's stays as it is.

    A reader never sees half a file.
    """
    file = folder / f"training_{what}.json"
    slots = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    slots = {name: slots.get(name) for name in DEVICES} | {device: slot}
    write(file, slots)
    return file


def write(file: Path, content: Any) -> None:
    """Replace a JSON file, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".part")
    fresh.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    fresh.replace(file)


class Partial:
    """What an unfinished recording has measured so far, by key.

    A recording begun under other conditions is not gone on with.

    Args:
        what: Name of the recording.
        conditions: All that must be the same for its measurements to belong together,
            the device among it; the date may change.
        folder: Where the file lies; ``build/recording`` unless said otherwise.
    """

    def __init__(
        self, what: str, conditions: Mapping[str, Any], folder: Path | None = None
    ) -> None:
        name = f"training_{what}_{conditions['device']}.json"
        self.file = (folder or PARTIAL) / name
        same = {key: value for key, value in conditions.items() if key != "date"}
        # as JSON gives it back: tuples become lists
        self.conditions: Slot = json.loads(json.dumps(same))
        self.measured: dict[str, Any] = {}
        if self.file.is_file():
            found = json.loads(self.file.read_text("utf-8"))
            if found["conditions"] == self.conditions:
                self.measured = found["measured"]

    def __contains__(self, key: str) -> bool:
        """Whether this was measured already."""
        return key in self.measured

    def __getitem__(self, key: str) -> Any:
        """What was measured."""
        return self.measured[key]

    def keep(self, measured: Mapping[str, Any]) -> None:
        """Add measurements and write all to disk."""
        self.measured.update(measured)
        write(self.file, {"conditions": self.conditions, "measured": self.measured})

    def done(self) -> None:
        """Remove the file: the recording is complete."""
        self.file.unlink(missing_ok=True)


def circumstances(device: str, data: ImageData | None = None) -> Slot:
    """Return where, when and with what is measured."""
    found: Slot = {
        "device": device,
        "machine": machine(device),
        "torch": torch.__version__.split("+")[0],
        "threads": torch.get_num_threads(),
        "date": datetime.now(UTC).date().isoformat(),
    }
    if data is not None:
        found["data"] = data_name(data)
        found["n"] = {
            "training": len(data.train_labels),
            "validation": len(data.validation_labels),
            "test": len(data.test_labels),
        }
    return found


def machine(device: str) -> str:
    """Return a machine in words: kind of processor, cores, memory; never its name."""
    cpu = f"{processor(_cpuinfo())}, {os.cpu_count()} cores, {_memory()} memory"
    if device == "cpu":
        return cpu
    card = torch.cuda.get_device_properties(0)
    return f"{card.name}, {card.total_memory / 2**30:.0f} GiB; beside it {cpu}"


def processor(cpuinfo: str) -> str:
    """Return a processor's name, family, model and what it has for matrices."""
    facts = dict(re.findall(r"^(model name|cpu family|model|flags)\t*: (.+)$", cpuinfo,
                            re.MULTILINE))  # fmt: skip
    if "model name" not in facts:
        return platform.machine()
    name = re.sub(r"\(R\)|\(TM\)| CPU| Processor| @.*", "", facts["model name"]).strip()
    flags = facts.get("flags", "").split()
    features = [words for flag, words in _CPU_FEATURES.items() if flag in flags]
    number = f"family {facts.get('cpu family')}, model {facts.get('model')}"
    return ", ".join([f"{name} ({number})", *features])


def data_name(data: ImageData) -> str:
    """Return what the images are, without saying where they lie."""
    if data.source == "official":
        return "CIFAR-10"
    if data.source == "drawn":
        return "the drawn world"
    labels = (data.train_labels, data.validation_labels, data.test_labels)
    if data.class_names == CLASS_NAMES and sum(map(len, labels)) == _CIFAR10_SIZE:
        return "CIFAR-10's images as JPEG copies"
    return f"a folder of {sum(map(len, labels)):,} images"


def _cpuinfo() -> str:
    listing = Path("/proc/cpuinfo")
    return listing.read_text("utf-8") if listing.is_file() else ""


def _memory() -> str:
    import psutil  # type: ignore[import-untyped]

    return f"{psutil.virtual_memory().total / 2**30:.0f} GiB"
