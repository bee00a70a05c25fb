"""Ridge regression, exactly: normal equations with a penalty on the diagonal, and what their solution leaves of b."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from math import isqrt, lcm
from typing import Any

import numpy as np

from stabilitylab.core.errors import ComplexError, InputError, OutOfRangeError, RankDeficientError
from stabilitylab.data.index import index_of
from stabilitylab.data.validation import given
from stabilitylab.exact.dependent import listed
from stabilitylab.exact.gram.limbs import WIDTH, limbs_of_integers
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.numbers import exact_numbers, in_integers
from stabilitylab.exact.solve.dependence import independent_columns
from stabilitylab.exact.solve.enclosed import EnclosedSolution
from stabilitylab.exact.solve.interval import Interval
from stabilitylab.exact.statistics import Accuracy, Evidence

DIGITS, PLACES = 10**15, 17  # up to which an integer is printed as it is; significant digits of other numbers
NO_STANDARD_ERRORS = (
    "the penalty moves the coefficients away from those that are unbiased, so that standard errors, t, F and leverages "
    "of least squares do not describe them: fit without ridge for these"
)


@dataclass(frozen=True, eq=False)
class Ridge:
    """The penalty sum_j lambda_j x_j² of a fit that minimises sum w_i (b - A x)_i² + sum_j lambda_j x_j².

    penalties (n,): lambda_j >= 0 exactly, that of the intercept among them. sums: the normal equations without them.
    """

    penalties: tuple[Fraction, ...]
    sums: NormalEquations

    def __repr__(self) -> str:
        values = sorted(set(self.penalties))
        return f"Ridge: penalties {', '.join(map(shown, values[:5]))}{', ...' if len(values) > 5 else ''}"


def penalties(ridge: Any, names: Sequence[str], *, intercept: bool, penalize_intercept: bool) -> tuple[Fraction, ...]:
    """lambda_j for each of the coefficients (n,), without rounding: ridge is one number for all, one for each, or a
    dict (or a Series of pandas) of them by name.

    names (n,): theirs; intercept: whether the first is of a column of ones that was put in front: that has no penalty,
    and none is given for it, unless penalize_intercept is set.
    Raises InputError, NotFiniteError, NotNumericError, ComplexError, and OutOfRangeError for a negative number.
    """
    if penalize_intercept and not intercept:
        raise InputError("penalize_intercept is about the column that intercept=True puts in front: set that, or none")
    spared = intercept and not penalize_intercept
    own = tuple(names)[spared:]
    ridge = _by_name(ridge, own)
    if isinstance(ridge, bool | np.bool_):
        raise InputError(f"ridge is the penalty, a number of 0 or more; got {ridge!r}: give it, such as ridge=1.0")
    one = isinstance(ridge, str) or np.ndim(ridge) == 0
    array = given([ridge] if one else ridge, "ridge").whole
    if array.dtype.kind == "c":
        raise ComplexError(f"ridge is complex: give numbers of 0 or more; got {ridge!r}")
    if array.ndim != 1 or len(array) != (1 if one else len(own)):
        besides = ", the intercept left out, which has no penalty" if spared else ""
        raise InputError(
            f"ridge must be one number, or one for each of {len(own)} coefficients{besides}; got shape {array.shape}"
        )
    values, unit = in_integers(*exact_numbers(array, "ridge"))
    found = [value * unit for value in values[0].tolist()]
    for j, value in enumerate(found):
        if value < 0:
            of = "" if one else f" of {own[j]}"
            raise OutOfRangeError(f"the penalty{of} is {shown(value)}: ridge must be 0 or more")
    return (Fraction(0),) * spared + tuple(found * len(own) if one else found)


def _by_name(ridge: Any, own: Sequence[str]) -> Any:
    """A dict, or a Series of pandas whose index is not numbers, in the order of the coefficients of these names."""
    index = index_of(ridge)
    if index is not None:
        if all(isinstance(label, int | np.integer) for label in index):
            return ridge
        ridge = dict(zip(map(str, index), ridge.tolist(), strict=True))
    if not isinstance(ridge, Mapping):
        return ridge
    if set(ridge) != set(own):
        raise InputError(
            f"ridge must name each of {listed(own)}, and no other; it names {listed(list(map(str, ridge)))}"
        )
    return [ridge[name] for name in own]


def shown(penalty: Fraction) -> str:
    """A penalty as a text: 0.1, 1000000, 1e+330."""
    if penalty.denominator == 1 and abs(penalty) < DIGITS:
        return str(penalty)
    with localcontext(Context(prec=PLACES)):
        return f"{Decimal(penalty.numerator) / Decimal(penalty.denominator):g}".replace("E", "e")


def require_one_policy(policy: str) -> None:
    """Raise InputError where a penalty meets the solution of least norm, which is another answer to dependence."""
    if policy != "full-rank":
        raise InputError(f"a penalty makes the solution unique: ask for ridge or for policy={policy!r}, not for both")


def penalised(sums: NormalEquations, penalties: Sequence[Fraction]) -> NormalEquations:
    """A'A + diag(penalties), with A'b and b'b as they are: in units by which all of them are integers.

    A'A is C_jk u_j u_k w, w the weight unit; with all units u divided by d, C is multiplied by d², and what is added to
    C_jj is d² lambda_j / (u_j² w): an integer where the square of d is a multiple of the denominators.
    """
    n = sums.n
    added = [v / (unit**2 * sums.weight_unit) for v, unit in zip(penalties, sums.units, strict=False)]
    common = lcm(*(v.denominator for v in added))
    power = (common & -common).bit_length() - 1
    half, odd = -(-power // 2), common >> power
    root = isqrt(odd)
    if root * root == odd:
        odd = root
    d = odd << half
    diagonal = [int(v * d * d) for v in added]
    factor = np.array([d * d], dtype=object)
    limbs = sums.limbs
    multiplier = [int(limb[0]) for limb in limbs_of_integers(factor, (d * d).bit_length() // WIDTH + 1)]
    extra = np.array(diagonal, dtype=object)
    places = max(v.bit_length() for v in diagonal) // WIDTH + 1
    K = max(len(limbs) + len(multiplier) - 1, places)
    levels = np.zeros((K, n + 1, n + 1), dtype=np.int64)
    first = K - (len(limbs) + len(multiplier) - 1)
    for k, digit in enumerate(multiplier):
        if digit:
            levels[first + k : first + k + len(limbs)] += limbs * digit
    j = np.arange(n)
    for level, limb in zip(levels[K - places :], limbs_of_integers(extra, places), strict=True):
        level[j, j] += limb.astype(np.int64)
    scales = sums.scales
    if odd != 1:
        scales = tuple(Fraction(scale, odd) for scale in scales or (Fraction(1),) * (n + 1))
    # Of more rows than columns, so that no dependence is inferred from the number of rows: A'A has it, and not the sum.
    return NormalEquations(levels, sums.exponents - half, max(sums.rows, n + 1), scales, sums.weight_unit)


def refused_for_lack_of_penalty(
    system: NormalEquations, penalties: Sequence[Fraction], names: Sequence[str]
) -> RankDeficientError:
    """The error about columns that depend on others, exactly, and have no penalty that would choose among them."""
    independent = set(independent_columns(system))
    dependent = [name for j, name in enumerate(names) if j not in independent]
    depends = "depends" if len(dependent) == 1 else "depend"
    free = [name for name, v in zip(names, penalties, strict=True) if not v]
    assert free, "a sum in which every dependent column has a penalty has one minimum"
    return RankDeficientError(
        f"infinitely many x minimise the sum: {listed(dependent)} {depends} on other columns without a penalty, "
        f"exactly. Give {listed(free)} a penalty above 0, or leave {'it' if len(dependent) == 1 else 'them'} out"
    )


@dataclass(frozen=True, eq=False)
class PenalisedEvidence(Evidence):
    """The evidence of a ridge regression: normal has the penalties, and sums are the normal equations without them."""

    sums: NormalEquations | None = None

    def explained(self, accuracy: Accuracy) -> Interval:
        """The total sum of squares less the residual one: below 0 where A x does worse than the mean, or than 0."""
        return self.rss(accuracy).reflected(self.total)

    @property
    def _leaves_nothing(self) -> bool:
        """Whether b = 0, of which x = 0 leaves nothing; no number of rows says so of a penalised fit."""
        return self.normal.bb == 0

    def _rss_from(self, solved: EnclosedSolution, accuracy: Accuracy) -> Interval:
        """|b - A x*|² = |b - A x|² - 2 g'e + |A e|², g = A'(b - A x), e = x* - x, for the middles x.

        |g'e| <= sum |g_j| radius_j, and |A e| <= sum |a_j| radius_j.
        """
        sums, y, D = self.sums, solved.middle, solved.denominator
        assert sums is not None, "a ridge regression has sums without the penalty"
        # Both systems have the same y: x_j is y_j times the ratio of the units, and these are divided by one number.
        with self._blas_threads:
            Cy = sums.times(y)
        g = [D * right - left for right, left in zip(sums.c, Cy, strict=True)]
        value = sums.bb * D * D - sum(v * (D * right + own) for v, right, own in zip(y, sums.c, g, strict=True))
        wide = 2 * sum(abs(own) * r for own, r in zip(g, solved.radius, strict=True))
        moved = sum(r * (isqrt(entry) + 1) for r, entry in zip(solved.radius, sums.diagonal, strict=True)) ** 2
        unit = sums.units[-1] ** 2 * sums.weight_unit
        return Interval(max(value - wide, 0), value + wide + moved, D * D) * unit
