"""SL306: rows left out: duplicates, outliers, the first or the last, those of a group, or one or two that are found."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.labels import Labels
from stabilitylab.diagnosis.arbitrate.agreement import beside, placed
from stabilitylab.diagnosis.arbitrate.features import levels_kept
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Model
from stabilitylab.diagnosis.arbitrate.printed import as_float
from stabilitylab.diagnosis.arbitrate.setting import floats_of

MOST_LEVELS = 20  # levels of a column of labels that are left out one at a time
SENTINELS = tuple(map(Fraction, ("0", "-1", "-9", "-99", "-999", "-9999", "9", "99", "999", "9999")))
SHARES = (Fraction(1, 2), Fraction(7, 10), Fraction(3, 4), Fraction(4, 5), Fraction(9, 10))
USUAL = ("rows that repeat", "rows of weight 0", "rows that lack", "the first row", "the last row", "rows in which")
NEAREST = 3  # rows, and pairs of rows, that are tried exactly
AGREES = 3.0  # half units of the last printed place within which a coefficient without one row is that of an answer
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
            left_out = view.model.left_out | dropped
            features = levels_kept(view.setting, view.model.features, left_out)
            yield view.model.changed("SL306", text, is_usual=usual, left_out=left_out, features=features)


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
    yield "rows that lack a cell in a column that is not used", sorted(setting.incomplete)
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

    A penalty is a row of its own below, lambda_j x_j² = (sqrt(lambda_j) x_j - 0)². Q (m, n): without those. y (m,): the
    response, e (m,): residuals of the solution.
    """

    def __init__(self, A: Array, y: Array, x: Array, roots: Array, penalties: Array) -> None:
        whole = np.vstack([A * roots[:, None], np.diag(np.sqrt(penalties))])
        norms = np.linalg.norm(whole, axis=0)
        norms[norms == 0] = 1.0
        Q, self.R = np.linalg.qr(whole / norms)
        self.Q = Q[: len(y)]
        self.norms, self.y, self.A, self.roots = norms, y, A, roots
        self.e = (y - A @ x) * roots

    def moved(self, residuals: Array) -> Array:
        """(A'WA + penalty)^-1 a_i w_i e_i (m, n), row by row, for residuals sqrt(w_i) e_i (m,)."""
        solved = np.linalg.solve(self.R, (self.Q * residuals[:, None]).T).T
        return np.asarray(solved / self.norms)


def _floats(view: View) -> _Floats | None:
    model, setting = view.model, view.setting
    if view.x is None or not model.present:
        return None
    factors = np.array([as_float(f.factor) for f in model.present])
    penalties = np.array([as_float(f.penalty / f.factor**2) for f in model.present])
    A = np.array([setting.floats(f.polynomial) for f in model.present]).T / factors
    y = setting.floats(model.response)
    x = np.array([as_float(v) for v, f in zip(view.x, model.features, strict=True) if f.is_present])
    w = np.ones(len(y)) if model.weights.column is None else np.array(floats_of(model.weights.column))
    kept = np.array([row not in model.left_out for row in range(len(y))], dtype=float)
    if not all(np.isfinite(part).all() for part in (A, y, w, x, penalties)):
        return None
    return _Floats(A, y, x, np.sqrt(w * kept), penalties)


def _found(view: View) -> Iterator[Model]:
    """The rows without which the solution comes nearest to the answer: one, or two; or near in some coefficients."""
    assert view.answer is not None, "rows are found from an answer"
    whole = placed(view.answer, view.model)
    values = beside(view.answer, view.model.features) if not view.model.differences else whole
    if values is None or all(value is None for value in values):
        return
    parts = _floats(view)
    if parts is None or view.x is None:
        return
    m, present = view.setting.rows, view.model.present
    pairs = [(v, x) for v, x, f in zip(values, view.x, view.model.features, strict=True) if f.is_present]
    off = np.array([np.nan if v is None else as_float(v.value - x) for v, x in pairs])
    units = np.array([1.0 if v is None else as_float(max(v.half, abs(v.value) / 10**10)) or 1.0 for v, _ in pairs])
    d, known = off / units, np.array([v is not None for v, _ in pairs])
    h = np.sum(parts.Q * parts.Q, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        Z = -parts.moved(parts.e / (1 - h)) / units
    Z[~np.isfinite(Z).all(axis=1)] = np.inf
    if not view.model.differences:
        yield from _in_part(view, np.abs(Z - d), known)
    if whole is None:
        return
    for row in np.argsort(np.max(np.abs(Z - d)[:, known], axis=1))[:NEAREST].tolist():
        yield _without(view, frozenset({row}), "one row", m)
    if len(present) > 1 and known.all() and NEAREST < m <= PAIRS_UP_TO:
        answered = np.array([as_float(v.value) for v, _ in pairs if v is not None])
        W = -parts.moved((parts.y - parts.A @ answered) * parts.roots) / units
        if np.isfinite(W).all():
            from scipy.spatial import cKDTree  # it takes a while to import

            distance, other = cKDTree(W).query(d - W)
            best = [i for i in np.argsort(distance).tolist() if other[i] != i][: 2 * NEAREST]
            for pair in dict.fromkeys(frozenset({i, int(other[i])}) for i in best):
                yield _without(view, pair, "two rows", m * (m - 1) // 2)


def _in_part(view: View, errors: Array, known: Array) -> Iterator[Model]:
    """The row without which some coefficients are those of the answer, as where the others are coded in another way.

    errors (m, n): of each coefficient without row i, in half units of the last printed place. Coefficients that a
    second difference leaves alone: all slopes; those of numbers; those without one column.
    """
    present = view.model.present
    slopes = np.array([not f.is_intercept for f in present]) & known
    numbers = np.array([not f.is_indicator for f in present]) & slopes
    columns = {atom.column for f in present for monomial in f.polynomial for atom in monomial}
    parts = [slopes, numbers]
    for column in sorted(columns):
        has = np.array([any(atom.column == column for mono in f.polynomial for atom in mono) for f in present])
        parts += [slopes & ~has, numbers & ~has]
    seen = set()
    for part in parts:
        if not part.any():
            continue
        worst = np.max(errors[:, part], axis=1)
        row = int(np.argmin(worst))
        if worst[row] <= AGREES and row not in seen:
            seen.add(row)
            yield _without(view, frozenset({row}), "one row", view.setting.rows * len(parts), is_usual=True)


def _without(view: View, dropped: frozenset[int], says: str, tries: int, *, is_usual: bool = False) -> Model:
    text = f"without {says} ({_counted(view, dropped)})"
    return view.model.changed("SL306", text, tries=tries, is_usual=is_usual, left_out=view.model.left_out | dropped)
