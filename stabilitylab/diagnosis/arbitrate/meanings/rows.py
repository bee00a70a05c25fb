"""SL306: rows left out: duplicates, outliers, the first or the last, those of a group, or one or two that are found."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.labels import Labels
from stabilitylab.diagnosis.arbitrate.agreement import placed
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Model

MOST_LEVELS = 20  # levels of a column of labels that are left out one at a time
SENTINELS = tuple(map(Fraction, ("0", "-1", "-9", "-99", "-999", "-9999", "9", "99", "999", "9999")))
SHARES = (Fraction(1, 2), Fraction(7, 10), Fraction(3, 4), Fraction(4, 5), Fraction(9, 10))
USUAL = ("rows that repeat", "rows of weight 0", "the first row", "the last row")
NEAREST = 3  # rows, and pairs of rows, that are tried exactly
PAIRS_UP_TO = 20_000  # rows up to which pairs of them are looked for


@meaning("SL306", "rows dropped", 0, uses_answer=True)
def rows(view: View) -> Iterator[Model]:
    """Without the rows that programs and people leave out; from an answer, the one or two rows that it lacks."""
    if view.answer is not None:
        yield from _found(view)
        return
    m, seen = view.setting.rows, set()
    for says, some in _sets(view):
        dropped = frozenset(some) - view.model.left_out
        if dropped and len(dropped) < m and dropped not in seen:
            seen.add(dropped)
            text = f"without {says} ({_counted(view, dropped)})"
            usual = says.startswith(USUAL)
            yield view.model.changed("SL306", text, is_usual=usual, left_out=view.model.left_out | dropped)


def _counted(view: View, dropped: frozenset[int]) -> str:
    table = view.setting.question.table
    shown = ", ".join(str(table.places[row]) for row in sorted(dropped)[:5])
    return (
        f"{table.place}{'s' * (len(dropped) > 1)} {shown}{f', ..., {len(dropped)} in all' if len(dropped) > 5 else ''}"
    )


def _sets(view: View) -> Iterator[tuple[str, list[int]]]:
    setting, m = view.setting, view.setting.rows
    table = setting.question.table
    read = [*setting.problem.regressors, setting.problem.response]
    cells = {name: _cells(view, name) for name in dict.fromkeys([*read, *table.columns])}
    for says, columns in (
        ("rows that repeat another", list(cells)),
        ("rows that repeat another in what is read", read),
    ):
        keys = list(zip(*(cells[name] for name in columns), strict=True))
        first = {key: row for row, key in reversed(list(enumerate(keys)))}
        last = {key: row for row, key in enumerate(keys)}
        yield says, [row for row, key in enumerate(keys) if first[key] != row]
        yield f"all {says}, and those that they repeat", [r for r, key in enumerate(keys) if first[key] != last[key]]
    if setting.weights.column is not None:
        yield "rows of weight 0", [row for row, w in enumerate(setting.weights.column.integers) if not w]
    yield "the first row", [0]
    yield "the last row", [m - 1]
    yield "the first two rows", [0, 1]
    yield "the first and the last row", [0, m - 1]
    for name in dict.fromkeys([*(n for n in read if n in setting.problem.design.numbers), setting.problem.response]):
        column = setting.numbers(name)
        for value in SENTINELS:
            wanted = (value / column.scale).numerator if (value / column.scale).denominator == 1 else None
            yield f"rows in which {name!r} is {value}", [r for r, n in enumerate(column.integers) if n == wanted]
        sign = 1 if column.scale > 0 else -1
        yield f"rows in which {name!r} is negative", [r for r, n in enumerate(column.integers) if sign * n < 0]
    for name, labels in {**table.labels, **{n: setting.labels(n) for n in setting.problem.design.labels}}.items():
        for level in labels.sorted_levels if len(labels.levels) <= MOST_LEVELS else ():
            yield f"rows in which {name!r} is {level!r}", [r for r, v in enumerate(labels.values) if v == level]
            yield f"rows in which {name!r} is not {level!r}", [r for r, v in enumerate(labels.values) if v != level]
    for share in SHARES:
        yield f"the rows behind the first {float(share):.0%}", list(range(int(m * share), m))
    yield from _outliers(view)


def _cells(view: View, name: str) -> tuple[int, ...] | tuple[str, ...]:
    """What tells the rows of a column apart: labels, or the integers of which numbers are multiples."""
    setting = view.setting
    if isinstance(setting.question.table.columns.get(name), Labels):
        return setting.labels(name).values
    return setting.numbers(name).integers


def _outliers(view: View) -> Iterator[tuple[str, list[int]]]:
    """Rows of large residuals, by their standardised size and by the box plot's rule."""
    parts = _floats(view)
    if parts is None:
        return
    Q, e, y = parts.Q, parts.e, parts.y
    m, n = Q.shape
    if m <= n + 1 or not np.any(e):
        return
    h = np.sum(Q * Q, axis=1)
    sigma2 = float(e @ e) / (m - n)
    with np.errstate(divide="ignore", invalid="ignore"):
        standard = np.abs(e) / np.sqrt(sigma2 * (1 - h))
        deleted = standard * np.sqrt((m - n - 1) / np.maximum(m - n - standard**2, 1e-300))
        cook = standard**2 * h / (1 - h) / n
    for limit in (2.0, 2.5, 3.0, 4.0):
        yield f"rows whose standardised residual is beyond {limit:g}", np.flatnonzero(standard > limit).tolist()
        yield f"rows whose studentised residual is beyond {limit:g}", np.flatnonzero(deleted > limit).tolist()
        plain = np.abs(e) / np.sqrt(sigma2)
        yield f"rows whose residual is beyond {limit:g} times sigma", np.flatnonzero(plain > limit).tolist()
    yield "rows whose Cook's distance is beyond 4/m", np.flatnonzero(cook > 4 / m).tolist()
    yield "rows whose Cook's distance is beyond 1", np.flatnonzero(cook > 1).tolist()
    for says, values in (("residual", e), ("response", y)):
        low, high = np.quantile(values, [0.25, 0.75])
        width = 1.5 * (high - low)
        beyond = np.flatnonzero((values < low - width) | (values > high + width)).tolist()
        yield f"rows whose {says} is outside the whiskers of a box plot", beyond
        spread = float(np.std(values, ddof=1))
        for limit in (2.0, 3.0):
            far = np.flatnonzero(np.abs(values - np.mean(values)) > limit * spread).tolist()
            yield f"rows whose {says} is more than {limit:g} standard deviations from the mean", far


class _Floats:
    """A = Q R of a model in float64, rows multiplied by the roots of weights, columns scaled to norm 1.

    y (m,): the response, e (m,): residuals of the solution. Z (m, n): how far leaving out row i alone moves x.
    """

    def __init__(self, A: Array, y: Array, x: Array, roots: Array) -> None:
        norms = np.linalg.norm(A * roots[:, None], axis=0)
        norms[norms == 0] = 1.0
        self.Q, self.R = np.linalg.qr(A * roots[:, None] / norms)
        self.norms, self.y, self.A, self.roots = norms, y, A, roots
        self.e = (y - A @ x) * roots

    def moved(self, residuals: Array) -> Array:
        """(A'WA)^-1 a_i w_i e_i (m, n), row by row, for residuals sqrt(w_i) e_i (m,)."""
        solved = np.linalg.solve(self.R, (self.Q * residuals[:, None]).T).T
        return np.asarray(solved / self.norms)


def _floats(view: View) -> _Floats | None:
    model, setting = view.model, view.setting
    if view.x is None or not model.present:
        return None
    columns = [setting.values(f.polynomial) for f in model.present]
    A = np.array(
        [
            [float(v) for v in _scaled(c.integers, c.scale / f.factor)]
            for c, f in zip(columns, model.present, strict=True)
        ]
    ).T
    response = setting.values(model.response)
    y = np.array(_scaled(response.integers, response.scale))
    x = np.array([float(v) for v, f in zip(view.x, model.features, strict=True) if f.is_present])
    weights = model.weights.column
    w = np.ones(len(y)) if weights is None else np.array(_scaled(weights.integers, weights.scale))
    kept = np.array([row not in model.left_out for row in range(len(y))], dtype=float)
    if not (np.isfinite(A).all() and np.isfinite(y).all() and np.isfinite(w).all() and np.isfinite(x).all()):
        return None
    return _Floats(A, y, x, np.sqrt(w * kept))


def _scaled(integers: tuple[int, ...], scale: Fraction) -> list[float]:
    p, q = scale.numerator, scale.denominator
    return [n * p / q for n in integers]


def _found(view: View) -> Iterator[Model]:
    """The rows without which the solution comes nearest to the answer: one, or two."""
    values = placed(view.answer, view.model) if view.answer is not None else None
    parts = _floats(view) if values is not None else None
    if values is None or parts is None or view.x is None:
        return
    present = [
        (v, x) for v, x, f in zip(values, view.x, view.model.features, strict=True) if f.is_present and v is not None
    ]
    off = np.array([float(v.value - x) for v, x in present])
    units = np.array([float(max(v.half, abs(v.value) / 10**10)) or 1.0 for v, _ in present])
    h = np.sum(parts.Q * parts.Q, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        Z = -parts.moved(parts.e / (1 - h)) / units
    d = off / units
    Z[~np.isfinite(Z).all(axis=1)] = np.inf
    m = view.setting.rows
    for row in np.argsort(np.max(np.abs(Z - d), axis=1))[:NEAREST].tolist():
        yield _without(view, frozenset({row}), "one row", m)
    if len(present) > 1 and NEAREST < m <= PAIRS_UP_TO:
        answered = np.array([float(v.value) for v, _ in present])
        W = -parts.moved((parts.y - parts.A @ answered) * parts.roots) / units
        if np.isfinite(W).all():
            from scipy.spatial import cKDTree  # it takes a while to import

            distance, other = cKDTree(W).query(d - W)
            best = [i for i in np.argsort(distance).tolist() if other[i] != i][: 2 * NEAREST]
            for pair in dict.fromkeys(frozenset({i, int(other[i])}) for i in best):
                yield _without(view, pair, "two rows", m * (m - 1) // 2)


def _without(view: View, dropped: frozenset[int], says: str, tries: int) -> Model:
    text = f"without {says} ({_counted(view, dropped)})"
    return view.model.changed("SL306", text, tries=tries, is_usual=False, left_out=view.model.left_out | dropped)
