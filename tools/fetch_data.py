"""Fetch the data and weights of the lessons: sizes first, then the download.

python -m tools.fetch_data              what the lessons use; asks before it downloads
python -m tools.fetch_data cifar10      one asset
python -m tools.fetch_data --all --yes  everything, without asking
python -m tools.fetch_data --verify     read again what is here and compare
python -m tools.fetch_data --set-up     the small networks; without the internet, none
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from course_utils import assets
from course_utils.assets.errors import free_bytes, megabytes

SMALL = ("squeezenet", "efficientnet_lite0")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(arguments)
    store = assets.course_store()
    if options.set_up:
        return _set_up(store)
    try:
        wanted = _wanted(store, options.names, options.all)
        print(_table(wanted, store))
        if options.verify:
            return _verify([state for state in wanted if state.present])
        missing = [state for state in wanted if not state.present]
        if not missing:
            print("Everything is here.")
            return 0
        if not (options.yes or _agreed(missing)):
            print(
                "Nothing was downloaded. To do it without a question: make data YES=1"
            )
            return 1
        for state in missing:
            print(f"{state.asset.name}: {assets.get(state.asset.name)}")
    except assets.AssetError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What has arrived is kept; the same command goes on.")
        return 130
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.fetch_data",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", help="assets of data/manifest.toml")
    parser.add_argument("--all", action="store_true", help="all assets")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--verify", action="store_true", help="only check what is here")
    parser.add_argument("--set-up", action="store_true", help="what `make lab` fetches")
    return parser.parse_args(arguments)


def _set_up(store: assets.Store) -> int:
    """Fetch the small networks; what cannot be fetched must not stop the set-up."""
    missing = [name for name in SMALL if not store.present(name)]
    if not missing:
        print("The small pretrained networks are here.")
        return 0
    size = megabytes(sum(store.asset(name).bytes for name in missing))
    print(f"Fetching small pretrained networks for lessons 06 to 09 ({size}), once.")
    try:
        for name in missing:
            assets.get(name)
    except assets.AssetError as error:
        reason = str(error).splitlines()[0]
        print(
            f"Not now: {reason}\nThe rest is complete; fetch them later: make weights"
        )
    return 0


def _wanted(
    store: assets.Store, names: Sequence[str], everything: bool
) -> list[assets.Status]:
    for name in names:
        store.asset(name)  # complains about a name that is not in the manifest
    return [
        state
        for state in store.status()
        if everything
        or (state.asset.name in names if names else bool(state.asset.lessons))
    ]


def _table(states: Sequence[assets.Status], store: assets.Store) -> str:
    lines = [f"{'asset':20} {'download':>10} {'on disk':>10}  state"]
    lines += [
        f"{state.asset.name:20} {megabytes(state.asset.bytes):>10} "
        f"{megabytes(state.asset.room):>10}  {_state(state)}"
        for state in states
    ]
    missing = [state for state in states if not state.present]
    to_come = sum(state.asset.bytes - state.unfinished_bytes for state in missing)
    room = sum(state.asset.room - state.unfinished_bytes for state in missing)
    lines.append(
        f"To download: {megabytes(to_come)}, at most {megabytes(room)} on disk; "
        f"free in {store.folder}: {megabytes(free_bytes(store.folder))}."
    )
    return "\n".join(lines)


def _state(state: assets.Status) -> str:
    if state.present:
        return "here"
    if state.unfinished_bytes:
        return f"missing, {megabytes(state.unfinished_bytes)} arrived"
    return "missing"


def _agreed(missing: Sequence[assets.Status]) -> bool:
    if not sys.stdin.isatty():
        return False
    names = ", ".join(state.asset.name for state in missing)
    return input(f"Download {names}? [y/N] ").strip().lower() in ("y", "yes")


def _verify(states: Sequence[assets.Status]) -> int:
    for state in states:
        assets.verify(state.asset.name)
        print(f"{state.asset.name}: every byte is right")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
