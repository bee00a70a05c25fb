"""Columns of numbers as a table of pandas, which is imported when the first is asked for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import MissingLibraryError


def frame(columns: Mapping[str, Array], index: Any, name: str | None = None) -> Any:
    """A pandas.DataFrame of copies of the columns. index: its rows' labels, called `name`; None to number them.

    Raises MissingLibraryError where pandas is not installed.
    """
    pandas = _pandas()
    labels = index if name is None else pandas.Index(list(index), name=name)
    return pandas.DataFrame({key: np.array(values) for key, values in columns.items()}, index=labels)


def one_under_another(frames: Iterable[Any], targets: Sequence[str]) -> Any:
    """The tables of several targets as one, in whose index the name of the target stands in front."""
    return _pandas().concat(list(frames), keys=targets, names=["target"])


def _pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise MissingLibraryError(
            "to_frame makes a table of pandas, which is not installed: pip install pandas, or take the arrays as they "
            "are"
        ) from None
    return pandas
