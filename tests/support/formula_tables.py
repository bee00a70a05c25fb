"""A small table with every kind of column, for tests of formulas and of models."""

import numpy as np

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.data.labels import Labels
from stabilitylab.data.table import Table

M = 24


def mixed_table():
    """y, x, k as decimals, z and "my col" as floats, a and b as labels of three and of two levels."""
    rng = np.random.default_rng(1)
    columns = {
        "y": Decimals.parse([str(i * i % 7) for i in range(M)]),
        "x": Decimals.parse([f"{(i * 37 % 11) / 4}" for i in range(M)]),
        "z": np.abs(rng.normal(size=M)) + 1,
        "my col": rng.normal(size=M),
        "a": Labels(tuple("pqr"[i % 3] for i in range(M))),
        "b": Labels(tuple("uv"[i // 3 % 2] for i in range(M))),
        "k": Decimals.parse([str([10, 9, 100][i % 3]) for i in range(M)]),
    }
    return Table("data", columns, tuple(range(M)))
