"""The least-squares loss and its gradient, in the format of the data, under each convention of the factor in front."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from stabilitylab.core.arguments import require_choice, require_whole
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import column_sums, product, transposed_product
from stabilitylab.core.errors import InputError

Loss: TypeAlias = Literal["half sum", "sum", "half mean", "mean"]
LOSSES: tuple[Loss, ...] = get_args(Loss)
Gradient: TypeAlias = Callable[[Array], Array]
"""x (n,) -> the gradient of a loss at x (n,)."""

# f(x) = factor |A x - b|² / 2, so that the gradient is factor A'(A x - b), with m rows.
_FACTORS: Mapping[Loss, Callable[[int], Fraction]] = {
    "half sum": lambda m: Fraction(1),
    "sum": lambda m: Fraction(2),
    "half mean": lambda m: Fraction(1, m),
    "mean": lambda m: Fraction(2, m),
}


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """f(x) = (factor/2) |A x - b|², A (m, n) and b (m,) of one format, in which the gradient is computed.

    loss: the convention that decides the factor. "half sum": 1, that of the textbooks; "sum": 2; "half mean": 1/m, that
    of scikit-learn and optax.l2_loss; "mean": 2/m, that of torch's MSELoss and optax.squared_error. The minimiser is
    the same, and a learning rate is not: twice the factor is half the largest stable rate.
    Raises InputError for an unknown loss and where the shapes do not belong together.
    """

    A: Array
    b: Array
    loss: Loss = "half sum"

    def __post_init__(self) -> None:
        require_choice("loss", self.loss, LOSSES)
        if self.A.ndim != 2 or self.b.shape != self.A.shape[:1] or not self.b.size:
            raise InputError(f"A must have shape (m, n) and b (m,), m >= 1; got {self.A.shape} and {self.b.shape}")

    @property
    def factor(self) -> Fraction:
        """f = (factor/2) |A x - b|², exactly."""
        return _FACTORS[self.loss](len(self.b))

    def gradient(self, x: Array) -> Array:
        """A'(factor (A x - b)) (n,), each product and addition rounded, in the order of reverse differentiation.

        The factor goes to the residuals, before A' multiplies them, so that what may overflow is the gradient itself.
        """
        return transposed_product(self.A, self.scaled(product(self.A, x) - self.b))

    def value(self, x: Array) -> Any:
        """f(x) in the format."""
        r = product(self.A, x) - self.b
        return self.scaled(column_sums(r * r)) / 2

    def rows(self, chosen: Array) -> "LeastSquares":
        """The loss of some rows alone, by their numbers; of a mean, the mean over those rows."""
        return LeastSquares(self.A[chosen], self.b[chosen], self.loss)

    def scaled(self, value: Any) -> Any:
        """A number or an array times the factor: the whole number first, then the division."""
        factor = self.factor
        value = value * factor.numerator if factor.numerator != 1 else value
        return value / factor.denominator if factor.denominator != 1 else value


def minibatches(objective: LeastSquares, batch: int, seed: int, *, replacement: bool = False) -> Gradient:
    """A gradient function that draws its rows anew at each call, as `batches` does."""
    drawn = batches(objective, batch, seed, replacement=replacement)
    return lambda x: next(drawn).gradient(x)


def batches(objective: LeastSquares, batch: int, seed: int, *, replacement: bool = False) -> Iterator[LeastSquares]:
    """The losses of `batch` rows after another, without end; the same seed draws the same rows.

    replacement: whether each row is drawn from all (the model of theory); otherwise the rows are gone through in a new
    random order in each epoch, as data loaders do, the last batch of an epoch having the rows that are left.
    Raises InputError where batch is not between 1 and the number of rows.
    """
    m = len(objective.b)
    require_whole("batch", batch)
    require_whole("seed", seed, at_least=0)
    if not 1 <= batch <= m:
        raise InputError(f"batch must be between 1 and {m}, the number of rows; got {batch}")
    return _drawn(objective, batch, np.random.default_rng(seed), replacement)


def _drawn(
    objective: LeastSquares, batch: int, generator: np.random.Generator, replacement: bool
) -> Iterator[LeastSquares]:
    m = len(objective.b)
    while True:
        if replacement:
            yield objective.rows(generator.integers(0, m, batch))
            continue
        order = generator.permutation(m)
        for start in range(0, m, batch):
            yield objective.rows(order[start : start + batch])


Weighting: TypeAlias = Literal["rows", "equal"]


def accumulated(parts: Sequence[LeastSquares], weighting: Weighting = "rows") -> Gradient:
    """The gradient added up over micro-batches, the losses of some rows each.

    weighting: "rows": of a mean each part counts as many times as it has rows, of a sum once, so that the gradient is
    that of all rows together, but for rounding. "equal": each part counts 1/k, k the number of parts, as in a loop that
    divides each loss by k: right for means over parts of one size, and otherwise that of another loss, in which a row
    of a small part counts more. Raises InputError for no parts, and for parts of two losses.
    """
    require_choice("weighting", weighting, get_args(Weighting))
    losses = {part.loss for part in parts}
    if len(losses) != 1:
        raise InputError(f"parts must be at least one, all of one loss; got {', '.join(sorted(losses)) or 'none'}")
    rows = sum(len(part.b) for part in parts)
    if weighting == "equal":
        weights = [Fraction(1, len(parts))] * len(parts)
    else:
        mean = losses <= {"mean", "half mean"}
        weights = [Fraction(len(part.b), rows) if mean else Fraction(1) for part in parts]

    def gradient(x: Array) -> Array:
        total: Array | None = None
        for part, weight in zip(parts, weights, strict=True):
            g = part.gradient(x)
            g = g if weight == 1 else g * weight.numerator / weight.denominator
            total = g if total is None else total + g
        assert total is not None
        return total

    return gradient
