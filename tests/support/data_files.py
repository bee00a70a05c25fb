"""CSV files of decimals, as a user would have them."""

import csv

import numpy as np


def written(path, names, rows):
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([names, *rows])
    return path


def table(m=60, n=3, seed=1, digits=3):
    """Rows of decimals as text: n columns and a target."""
    random = np.random.default_rng(seed)
    X = random.standard_normal((m, n))
    y = X @ np.arange(1.0, n + 1) + 5 + random.standard_normal(m)
    return [[f"{v:.{digits}f}" for v in row] for row in np.column_stack([X, y])]
