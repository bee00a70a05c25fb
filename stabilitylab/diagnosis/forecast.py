"""The correct digits to be expected of a route on a question, from condition numbers, without any exact solve.

Three errors add up as independent ones do, to first order, with dx = A+ (db - dA x) + (A'A)^-1 dA' r:

- that of the route on the stored matrix (`forecast_of_route`);
- that of storing regressors and response: each entry that is rounded moves by up to half a unit in its last place, as
  if at random. Where features are formed of them, all features of an entry move together: that is sampled;
- that of forming features: each operation of a term rounds each entry once more, independently of the others.

A forecast is no certificate: it is within one digit for about nine coefficients in ten, and more than one too high for
fewer than one in a hundred.
Source: Higham (2002), sections 2.8 and 20.1; Stewart and Sun, Matrix Perturbation Theory (1990), section III.5.
"""

from dataclasses import dataclass

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import FLOAT64, Array
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import InputError
from stabilitylab.data.design import Columns
from stabilitylab.data.labels import Labels
from stabilitylab.data.problem import Problem
from stabilitylab.data.terms import Mapped, Power, Product, Term
from stabilitylab.diagnosis.forecast_of_route import of_route
from stabilitylab.diagnosis.question import Question
from stabilitylab.scoring.accuracy import digits_cap
from stabilitylab.scoring.theory.condition import conditioning

SAMPLES = 8  # of the roundings of stored columns
STEP = 2.0**-20  # relative size of a sampled perturbation, far above the roundings of the features themselves
TYPICAL = 3**-0.5  # root mean square of an error that is uniform within one half unit
MEDIAN = 0.5  # of the root mean square: half of the errors are below two thirds of it, some far below


@dataclass(frozen=True, eq=False)
class _Slopes:
    """dx for small changes of A (m, n) and b (m,), by the pseudoinverse P (n, m), C = (A'A)^-1 (n, n), r = b - A x, x.

    They are of rows with the square roots of weights, roots (m,), multiplied in; the changes come without.
    """

    P: Array
    C: Array
    r: Array
    x: Array
    roots: Array

    def of(self, dA: Array) -> Array:
        """dx (n,) for a change dA (m, n) of the features."""
        dA = dA * self.roots[:, None]
        return np.asarray(self.C @ (dA.T @ self.r) - self.P @ (dA @ self.x))

    def of_entries(self, sizes: Array) -> Array:
        """The root of the sum of squares of dx (n,) over changes of each entry by its size (m, n), one at a time."""
        squares = (sizes * self.roots[:, None]) ** 2
        both = (self.P * self.r) @ squares
        total = self.C**2 * (self.r**2 @ squares) - 2 * self.C * self.x * both + self.x**2 * (self.P**2 @ squares)
        return np.asarray(np.sqrt(np.maximum(total.sum(axis=1), 0.0)))

    def of_stored(self, problem: Problem) -> Array:
        """The root mean square of dx (n,) when the regressors are stored, features being exact functions of them."""
        names, labels = sorted(problem.design.numbers), _labels(problem)
        columns = {name: problem.column(name).astype(np.float64) for name in names}
        sizes = {name: _sizes(problem, name) for name in names}
        relative = [np.max(sizes[v] / np.abs(columns[v]), where=columns[v] != 0, initial=0.0) for v in names]
        if not any(relative):
            return np.zeros(len(self.x))

        def features(sign: float, moves: dict[str, Array]) -> Array:
            moved = {name: columns[name] + sign * moves[name] for name in names}
            return problem.design.rounded(Columns(problem.shape[0], moved, labels), FLOAT64)

        rng, gain, squares = np.random.default_rng(0), STEP / max(relative), np.zeros(len(self.x))
        for _ in range(SAMPLES):
            moves = {name: gain * size * rng.choice((-1.0, 1.0), len(size)) for name, size in sizes.items()}
            squares += (self.of((features(1, moves) - features(-1, moves)) / (2 * gain))) ** 2
        return np.asarray(np.sqrt(squares / SAMPLES))

    def of_response(self, sizes: Array) -> Array:
        """The same for changes of the response (m,)."""
        return np.asarray(np.sqrt(self.P**2 @ (sizes * self.roots) ** 2))


@dataclass(frozen=True, eq=False)
class Stored:
    """What storing the numbers of many rows moves, in sums over all of them.

    regressors (n,), response: the mean over rows of the square of what an entry of that column is moved by, weighted
    as the rows are; 0 where none is rounded.
    """

    regressors: Array
    response: float

    def moves(self, slopes: _Slopes, rows: int) -> Array:
        """The root mean square of dx (n,), `slopes` being those of a small problem with the mean products of the rows.

        Each entry is taken to be rounded by itself, and by as much in every row: with C for the small problem of k
        rows, k C_jj / m is that of all m, whose squares of P and of r are spread evenly over rows. Where they are not,
        as for numbers of very many sizes, that was measured to be off by up to 0.7 digits, and for an intercept that
        rests on rows of small numbers by 1.3 digits too few.
        """
        share = len(slopes.r) / rows
        spread, residual = slopes.C.diagonal() * share, float(slopes.r @ slopes.r) / len(slopes.r)
        of_columns = slopes.C**2 * residual * len(slopes.r) * share + np.outer(spread, slopes.x**2)
        return np.asarray(np.sqrt(of_columns @ self.regressors + spread * self.response))


def forecast_of(question: Question, label: RouteLabel, stored: Stored | None = None) -> Array:
    """The correct digits (n,) against the decimal truth that a route of this label is expected to reach.

    Within [0, 15.95] for float64; zeros where A is numerically singular. The rounding of weights is left out. Cost:
    some QR factorisations of A, and sixteen formings of its features. stored: of a question that stands for many more
    rows, what storing these moves. Raises InputError for a label without error law.
    """
    problem, weights = question.problem, question.float_weights
    m, n = problem.shape
    if label.law is None:
        raise InputError(
            f"no error law is known of {label.name}, so that its digits cannot be forecast: name another route, or "
            f"leave the forecast out"
        )
    roots = np.ones(m) if weights is None else np.sqrt(weights)
    A = np.asarray(problem.A, dtype=np.float64) * roots[:, None]
    b = np.asarray(problem.b, dtype=np.float64) * roots
    cap = digits_cap(problem.dtype)
    with one_blas_thread(), np.errstate(all="ignore"):
        known = conditioning(A, b)
        slopes = _slopes(A, b, known.x, roots)
        if slopes is None:
            return np.zeros(n)
        data = _of_data(problem, slopes) if stored is None else stored.moves(slopes, question.rows)
        route = of_route(label, A, b, known, problem.format.unit_roundoff, question.rows)
        error = np.hypot(route, MEDIAN * data)
        sizes = np.where(known.x != 0, np.abs(known.x), np.linalg.norm(b) / column_norms(A))
        digits = -np.log10(error / sizes)
    return np.asarray(np.clip(np.nan_to_num(digits, nan=0.0, posinf=cap, neginf=0.0), 0.0, cap))


def _of_data(problem: Problem, slopes: _Slopes) -> Array:
    """The root mean square of dx (n,) when numbers are stored and features formed."""
    parts = [
        slopes.of_stored(problem),
        slopes.of_response(_sizes(problem, problem.response)),
        slopes.of_entries(_formed(problem)),
    ]
    return np.asarray(np.sqrt(np.square(parts).sum(axis=0)))


def _slopes(A: Array, b: Array, x: Array, roots: Array) -> _Slopes | None:
    norms = column_norms(A)
    Q, R = np.linalg.qr(A / norms)
    if np.abs(np.diag(R)).min() == 0:
        return None
    inverse = lapack.solve_triangular(R, np.eye(len(R))) / norms[:, None]
    return _Slopes(inverse @ Q.T, inverse @ inverse.T, b - A @ x, x, roots)


def _sizes(problem: Problem, name: str) -> Array:
    """The root mean square of what storing may move each entry of a column by (m,); 0 where none is rounded."""
    given, stored = problem.data[name], problem.column(name)
    if isinstance(given, ExactColumn):
        column = given.coprime()
        below, bits = column.scale.denominator, max(map(abs, column.integers)) * column.scale.numerator
        if below & (below - 1) == 0 and bits.bit_length() <= problem.format.precision:
            return np.zeros(len(stored))
        moved = stored != 0
    else:
        moved = np.asarray(given) != stored
    return np.where(moved, TYPICAL * np.abs(np.spacing(stored)).astype(np.float64) / 2, 0.0)


def _formed(problem: Problem) -> Array:
    """The root mean square of what each feature may be off by when it is formed of stored columns (m, n)."""
    A = problem.A
    whole = np.asarray((np.rint(A) == A).all(axis=0) & (np.abs(A) < 1 / problem.format.unit_roundoff).all(axis=0))
    counts = [_roundings(term) for term in problem.design.terms for _ in term.names(_labels(problem))]
    factors = np.sqrt(np.where(whole, 0, np.array(counts)))
    return np.asarray(factors * TYPICAL * np.abs(np.spacing(A)).astype(np.float64) / 2)


def _roundings(term: Term) -> int:
    """How many operations round an entry of its features."""
    if term.stored:
        return 0
    if isinstance(term, Product):
        return 1 + sum(map(_roundings, term.factors))
    own = term.degree - 1 if isinstance(term, Power) else 1
    return own + (_roundings(term.inner) if isinstance(term, Mapped) else 0)


def _labels(problem: Problem) -> dict[str, Labels]:
    read = {name: problem.data[name] for name in problem.design.labels}
    return {name: v if isinstance(v, Labels) else Labels.of_numbers(v) for name, v in read.items()}
