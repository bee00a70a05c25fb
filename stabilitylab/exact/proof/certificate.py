"""What proves a certified solution: an enclosure of every coefficient, and what an independent checker needs."""

from dataclasses import dataclass
from fractions import Fraction
from math import inf, log10
from typing import Any

import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array

Matrix = tuple[tuple[Fraction, ...], ...]


@dataclass(frozen=True, eq=False)
class Factor:
    """An approximate inverse factor X of A'A and a proven alpha >= |I - X'A'A X|_F.

    X = diag(row_units) times the sum over l of planes[l] diag(2**powers[l]), planes (L, n, n) in float64, exactly.
    Any X is allowed: alpha < 1 is what makes it useful, and proves that A has full rank.
    """

    planes: Array
    powers: npt.NDArray[Any]
    row_units: tuple[Fraction, ...]
    alpha: float

    def entries(self) -> Matrix:
        """X (n, n) in rationals."""
        n = self.planes.shape[1]
        two = Fraction(2)
        columns = []
        for j in range(n):
            weights = [two ** int(power) for power in self.powers[:, j]]
            columns.append(
                [
                    unit * sum((Fraction(v) * w for v, w in zip(digits, weights, strict=True)), Fraction(0))
                    for unit, digits in zip(self.row_units, self.planes[:, :, j].T.tolist(), strict=True)
                ]
            )
        return tuple(zip(*columns, strict=True))


@dataclass(frozen=True, eq=False)
class Certificate:
    """The proof of min |b - A x|: |x*_j - x_j| <= radius_j for the exact solution x*, and how that was proven.

    middle, spread, denominator: integers with x_j = middle_j / denominator times ratios_j, and radius_j likewise.
    nearest: the doubles x* rounds to. factor: the inverse factor behind the enclosure; None where the proof is ball
    arithmetic or exact rationals, which a checker can only repeat. rank: of A, exactly; less than n only for a
    solution of least norm. seconds: what it took.
    """

    route: str
    middle: tuple[int, ...]
    spread: tuple[int, ...]
    denominator: int
    ratios: tuple[tuple[int, int], ...]
    nearest: tuple[float, ...]
    rank: int
    factor: Factor | None = None
    seconds: float = 0.0

    @property
    def x(self) -> tuple[Fraction, ...]:
        """The middles of the enclosures."""
        return self._scaled(self.middle)

    @property
    def radius(self) -> tuple[Fraction, ...]:
        """Bounds on the distance of the exact solution from the middles; 0 where they are exact."""
        return self._scaled(self.spread)

    @property
    def digits(self) -> float:
        """Proven decimal digits of the worst coefficient, floor(-log10(radius_j / |x_j|)), at least 0; inf if exact.

        A coefficient whose nearest double is 0 is exact: it has been proven to be 0, which no radius says.
        """
        parts = zip(self.x, self.radius, self.nearest, strict=True)
        ratios = [abs(x) / radius for x, radius, nearest in parts if radius and nearest]
        if not ratios:
            return inf
        worst = min(ratios)
        if worst < 10:
            return 0
        # The floor or one more, by logarithms of integers, which have them beyond the range of floats too.
        digits = round(log10(worst.numerator) - log10(worst.denominator))
        return digits if 10**digits <= worst else digits - 1

    def __str__(self) -> str:
        n, digits = len(self.nearest), self.digits
        sure = "exactly" if digits == inf else f"to {digits:.0f} digit{'s' * (digits != 1)}"
        return f"x proven {sure} by {self.route}, rank {self.rank} of {n}, which sl.check(certificate, A, b) verifies"

    def __repr__(self) -> str:
        return f"Certificate: {self}"

    @property
    def alpha(self) -> float | None:
        """The bound on |I - X'A'A X|_F; None without a factor."""
        return None if self.factor is None else self.factor.alpha

    @property
    def X(self) -> Matrix | None:
        """The approximate inverse factor in rationals; None without one."""
        return None if self.factor is None else self.factor.entries()

    def _scaled(self, values: tuple[int, ...]) -> tuple[Fraction, ...]:
        return tuple(Fraction(v * p, self.denominator * q) for v, (p, q) in zip(values, self.ratios, strict=True))
