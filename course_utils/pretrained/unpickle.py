"""Reads pickled numpy arrays without letting the pickle run anything.

A pickle is a program: it may ask for any function of any module and call it. This
reader hands out the three things that arrays are made of, and refuses all others.
"""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from course_utils.pretrained.network import WeightsError

if TYPE_CHECKING:
    import numpy as np

# numpy 1 and numpy 2 give the same function two addresses
_ALLOWED: Final = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise WeightsError(f"it asks for {module}.{name}")
        import numpy as np
        from numpy._core import multiarray

        return getattr(multiarray if name == "_reconstruct" else np, name)


def read_arrays(path: Path) -> dict[str, list[np.ndarray]]:
    """Read a pickled dict that maps names to lists of arrays.

    Raises:
        WeightsError: The pickle asks for anything but arrays, or is damaged.
    """
    expected = "expected names, each with a list of numpy arrays"
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            # numpy warns of dtypes as old versions pickled them
            warnings.simplefilter("ignore")
            found = _ArraysOnly(file).load()
    except WeightsError as refused:
        raise WeightsError(
            f"{path} is refused and nothing in it was run: {refused}, {expected}. "
            "Delete it and fetch it again."
        ) from None
    except Exception as error:  # whatever a damaged file makes the reader raise
        raise WeightsError(
            f"{path} is no pickle or a truncated one ({type(error).__name__}), "
            f"{expected}. Delete it and fetch it again."
        ) from error
    if not _is_arrays(found):
        raise WeightsError(f"{path} holds something else, {expected}")
    arrays: dict[str, list[np.ndarray]] = found
    return arrays


def _is_arrays(found: object) -> bool:
    import numpy as np

    return isinstance(found, dict) and all(
        isinstance(key, str)
        and isinstance(value, list)
        and all(isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in value)
        for key, value in found.items()
    )
