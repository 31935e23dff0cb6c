"""Ship a network that we trained: its weights, how it was made, what it reached.

    from tools.ship_weights import ship
    ship("segmenter", model, {"what": …, "script": …, "seed": 0, "seconds": 512.0,
                              "figures": {"mean IoU": 0.81}}, half=True)

python -m tools.ship_weights            writes data/weights/README.md anew
"""

from __future__ import annotations

import datetime
import json
import platform
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from filelock import FileLock
from safetensors.torch import save_file
from torch import Tensor, nn

from course_utils.assets.checksums import file_digests
from course_utils.assets.errors import megabytes
from course_utils.pretrained.files import to_disk
from course_utils.pretrained.own import shipped

FOLDER: Final = Path(__file__).parents[1] / "data" / "weights"
NEEDED: Final[dict[str, type | tuple[type, ...]]] = {
    "what": str,  # one sentence
    "script": str,  # what makes it again, such as "tools/train_segmenter.py"
    "seed": int,
    "seconds": (int, float),  # of training
    "figures": dict,  # what it reached: name → number
}
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def ship(
    name: str,
    model: nn.Module,
    facts: Mapping[str, Any],
    *,
    half: bool = False,
    folder: Path | None = None,
) -> Path:
    """Write a network's weights, its entry in the index, and the README.

    Trainings that end at the same time wait for each other, so that every one of them
    finds its entry in the index.

    Args:
        name: Of the file ``data/weights/<name>.safetensors``.
        model: Whose state dict is written.
        facts: At least `NEEDED`; machine, date and torch's version are added where
            they are not given. A "score" in words, an "input_size" in pixels, and
            "mean" and "std" of the channels are used when the network is loaded.
        half: Store floats in 16 bits: half the size, three decimal digits. Measure the
            figures with a network that was loaded from the file.
        folder: Another folder than the workbook's.

    Returns:
        The file of weights.

    Raises:
        ValueError: The name is none, a fact is missing, or a weight is not finite, or
            too large for 16 bits.
    """
    folder = folder or FOLDER
    entry = _entry(name, facts)
    state = {
        key: _stored(key, value, half) for key, value in model.state_dict().items()
    }
    entry["bits"] = 16 if half else 32
    entry["parameters"] = sum(value.numel() for value in model.parameters())
    path = folder / f"{name}.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        _write(path, lambda part: save_file(state, part))
        entry["bytes"] = path.stat().st_size
        entry["sha256"] = file_digests(path, {"sha256": None})["sha256"]
        entries = {**shipped(folder), name: entry}
        index = json.dumps(dict(sorted(entries.items())), indent=2, ensure_ascii=False)
        _write_text(folder / "index.json", index + "\n")
        _write_text(folder / "README.md", readme(entries))
    return path


def _entry(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    if not _NAME.fullmatch(name):
        raise ValueError(f"name is {name!r}, expected small letters, digits and _")
    for key, kind in NEEDED.items():
        if not isinstance(facts.get(key), kind):
            raise ValueError(
                f"facts[{key!r}] is {facts.get(key)!r}; needed are: {', '.join(NEEDED)}"
            )
    made = {
        "machine": f"{platform.machine()} processor, {torch.get_num_threads()} threads",
        "date": datetime.date.today().isoformat(),
        "torch": str(torch.__version__),
    }
    return {**made, **facts}


def _stored(key: str, value: Tensor, half: bool) -> Tensor:
    value = value.detach().cpu().contiguous()
    if half and value.is_floating_point():
        value = value.half()
    if not bool(value.isfinite().all()):
        raise ValueError(
            f"{key} holds values that are not finite"
            + " in 16 bits; ship it with half=False" * half
        )
    return value


def _write_text(path: Path, text: str) -> None:
    _write(path, lambda part: part.write_text(text, "utf-8"))


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Let a file appear whole: whoever reads meanwhile finds the old one."""
    part = path.with_name(f"{path.name}.part")
    write(part)
    to_disk(part)
    part.replace(path)


def readme(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the text of data/weights/README.md for an index."""
    lines = [
        "# Networks that come with the workbook",
        "",
        "Written by `python -m tools.ship_weights` from [index.json](index.json).",
        "The library checks size and SHA-256 before it reads a file, and a file of the",
        "safetensors format holds numbers only: reading it runs nothing.",
    ]
    for name, entry in sorted(entries.items()):
        lines += ["", f"## `{name}`", "", str(entry["what"]), ""]
        lines += ["| what | value |", "|---|---|"]
        lines += [f"| {key} | {value} |" for key, value in _rows(name, entry)]
    return "\n".join(lines) + "\n"


def _rows(name: str, entry: Mapping[str, Any]) -> list[tuple[str, str]]:
    figures = ", ".join(f"{key} {value}" for key, value in entry["figures"].items())
    script = entry["script"]
    return [
        ("file", f"[{name}.safetensors]({name}.safetensors)"),
        ("size", f"{megabytes(entry['bytes'])} ({entry['bytes']:,} bytes)"),
        ("parameters", f"{entry['parameters']:,}, stored in {entry['bits']} bits"),
        ("made again by", f"[{script}](../../{script})"),
        ("seed", str(entry["seed"])),
        ("training took", f"{entry['seconds']:,.0f} s on: {entry['machine']}"),
        ("date, torch", f"{entry['date']}, {entry['torch']}"),
        ("reached", figures),
        ("SHA-256", f"`{entry['sha256']}`"),
    ]


if __name__ == "__main__":
    _write_text(FOLDER / "README.md", readme(shipped(FOLDER)))
    print(FOLDER / "README.md")
