"""The terms of a design: each forms one or more features from named columns, rounded as a user would, and exactly.

The value of a term in floating point is that of the operations written in its docstring, each rounded to the format,
in the order written. The exact value has no rounding, but for two kinds of irrational number, which are correctly
rounded to 256 bits (`correct_rounding`), that number then being the exact datum: the features log, exp and sqrt, and
the norm or standard deviation by which `Scaled` divides.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError, OutOfRangeError
from stabilitylab.data.correct_rounding import LARGEST_EXPONENT, exponentials, logarithms, square_root
from stabilitylab.data.labels import Labels

Numbers = TypeVar("Numbers", Array, ExactColumn)


@dataclass(frozen=True, eq=False)
class Columns(Generic[Numbers]):
    """What terms are formed from: columns of numbers, all floats (m,) of one format or all exact, and of labels.

    rows: m, which no column tells a design that is an intercept alone.
    """

    rows: int
    numbers: Mapping[str, Numbers]
    labels: Mapping[str, Labels]


class Term(ABC):
    """One or more features as a recipe over named columns; a frozen dataclass, so that equal terms compare equal."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that it reads as numbers."""
        return ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that it reads as labels."""
        return ()

    @property
    def stored(self) -> bool:
        """Whether forming it rounds nothing: its features are stored columns, or whole numbers."""
        return False

    @property
    def unbound(self) -> bool:
        """Whether it stands for columns that only the data can name."""
        return False

    def bound(self, regressors: Sequence[str]) -> tuple["Term", ...]:
        """The terms that it stands for when these are the columns besides the response."""
        return (self,)

    @abstractmethod
    def __str__(self) -> str:
        """How messages name it."""

    @abstractmethod
    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """One name for each feature."""

    @abstractmethod
    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """The features (m, k) as a user would form them in the format, from columns of that format."""

    @abstractmethod
    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """The features without rounding."""


TermLike: TypeAlias = Term | str


def as_term(term: TermLike) -> Term:
    """A term; a text is the column of that name. Raises InputError for anything else."""
    if isinstance(term, str):
        return Column(term)
    if not isinstance(term, Term):
        raise InputError(f"a term must be a Term, or the name of a column; got {term!r}")
    return term


@dataclass(frozen=True)
class Intercept(Term):
    """A column of ones."""

    def __str__(self) -> str:
        return "intercept"

    @property
    def stored(self) -> bool:
        """True: ones."""
        return True

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """The name "intercept"."""
        return ("intercept",)

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """Ones (m, 1)."""
        return format.rounded(np.ones((columns.rows, 1), dtype=format.dtype))

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """Ones."""
        return (ExactColumn((1,) * columns.rows),)


@dataclass(frozen=True)
class Column(Term):
    """A column of numbers as it is."""

    name: str

    def __str__(self) -> str:
        return self.name

    @property
    def numbers(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    @property
    def stored(self) -> bool:
        """True: the column itself."""
        return True

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """The column, (m, 1)."""
        return columns.numbers[self.name][:, None]

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """The column."""
        return (columns.numbers[self.name],)


@dataclass(frozen=True)
class Product(Term):
    """Products row by row, a b, of each feature of one term with each of another, those of the second running fastest.

    The interaction of two columns, or of a column and a category.
    """

    first: TermLike
    second: TermLike

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", as_term(self.first))
        object.__setattr__(self, "second", as_term(self.second))

    def __str__(self) -> str:
        return f"{self.first}:{self.second}"

    @property
    def factors(self) -> tuple[Term, Term]:
        """The two terms."""
        return as_term(self.first), as_term(self.second)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that either reads as numbers."""
        return tuple(name for factor in self.factors for name in factor.numbers)

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that either reads as labels."""
        return tuple(name for factor in self.factors for name in factor.labels)

    @property
    def unbound(self) -> bool:
        """Whether either is."""
        return any(factor.unbound for factor in self.factors)

    def bound(self, regressors: Sequence[str]) -> tuple[Term, ...]:
        """The products of the terms that the two stand for."""
        first, second = (factor.bound(regressors) for factor in self.factors)
        return tuple(replace(self, first=a, second=b) for a in first for b in second)

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """The names "a:b" of features a and b."""
        first, second = (factor.names(labels) for factor in self.factors)
        return tuple(f"{a}:{b}" for a in first for b in second)

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """fl(a b)."""
        first, second = (factor.rounded(columns, format) for factor in self.factors)
        return format.rounded(first[:, :, None] * second[:, None, :]).reshape(columns.rows, -1)

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """a b."""
        first, second = (factor.exact(columns) for factor in self.factors)
        return tuple(a.times(b) for a in first for b in second)


@dataclass(frozen=True)
class Crossed(Product):
    """The products of `Product`, those of the first term running fastest: the order of R, patsy and SAS."""

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """The names "a:b" of features a and b."""
        first, second = (factor.names(labels) for factor in self.factors)
        return tuple(f"{a}:{b}" for b in second for a in first)

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """fl(a b)."""
        first, second = (factor.rounded(columns, format) for factor in self.factors)
        return format.rounded(first[:, None, :] * second[:, :, None]).reshape(columns.rows, -1)

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """a b."""
        first, second = (factor.exact(columns) for factor in self.factors)
        return tuple(a.times(b) for b in second for a in first)


@dataclass(frozen=True)
class OfTerm(Term):
    """What is formed from the features of another term, and reads what that reads."""

    of: TermLike

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", as_term(self.of))

    @property
    def inner(self) -> Term:
        """The term that it is formed from."""
        return as_term(self.of)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that the inner term reads as numbers."""
        return self.inner.numbers

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that the inner term reads as labels."""
        return self.inner.labels

    @property
    def unbound(self) -> bool:
        """Whether the inner term is."""
        return self.inner.unbound

    def bound(self, regressors: Sequence[str]) -> tuple[Term, ...]:
        """The same of each term that the inner one stands for."""
        return tuple(replace(self, of=term) for term in self.inner.bound(regressors))


@dataclass(frozen=True)
class Mapped(OfTerm):
    """A function of each feature of another term, one feature at a time."""

    def __str__(self) -> str:
        return self._named(str(self.of))

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """The name of each inner feature with what is done to it."""
        return tuple(self._named(name) for name in self.inner.names(labels))

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """The function in the format, of each inner feature as it is in the format."""
        values = self.inner.rounded(columns, format)
        names = self.inner.names(columns.labels)
        # Contiguous, as a user's own arrays are.
        mapped = [self._rounded(v.copy(), name, format) for v, name in zip(values.T, names, strict=True)]
        return np.stack(mapped, axis=1)

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """The function of each exact inner feature."""
        names = self.inner.names(columns.labels)
        return tuple(self._exact(v, name) for v, name in zip(self.inner.exact(columns), names, strict=True))

    def _named(self, name: str) -> str:
        return f"{type(self).__name__.lower()}({name})"

    @abstractmethod
    def _rounded(self, values: Array, name: str, format: Format) -> Array: ...

    @abstractmethod
    def _exact(self, values: ExactColumn, name: str) -> ExactColumn: ...


@dataclass(frozen=True)
class Power(Mapped):
    """x**degree, as the cumulative product x**k = fl(x**(k-1) x) of numpy.vander.

    Raises InputError for a degree below 1.
    """

    degree: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.degree, int) or isinstance(self.degree, bool) or self.degree < 1:
            raise InputError(f"a power must be a whole number of at least 1; got {self.degree!r}")

    def _named(self, name: str) -> str:
        return f"{name}^{self.degree}" if self.degree > 1 else name

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        power = values
        for _ in range(self.degree - 1):
            power = format.rounded(power * values)
        return power

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        return ExactColumn(tuple(n**self.degree for n in values.integers), values.scale**self.degree)


@dataclass(frozen=True)
class Log(Mapped):
    """The natural logarithm, by numpy.log; exactly: to 256 bits. Raises InputError where a number is 0 or negative."""

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        refuse_where(values <= 0, values, f"log needs positive numbers; {name}")
        return format.rounded(np.log(values))

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        numbers = numbers_of(values)
        refuse_where([v <= 0 for v in numbers], numbers, f"log needs positive numbers; {name}")
        return ExactColumn.of_fractions(logarithms(numbers))


@dataclass(frozen=True)
class Exp(Mapped):
    """The exponential, by numpy.exp; exactly: to 256 bits. Raises OutOfRangeError beyond 46000 in magnitude."""

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        return format.rounded(np.exp(values))

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        numbers = numbers_of(values)
        for row, value in enumerate(numbers):
            if abs(value) > LARGEST_EXPONENT:
                raise OutOfRangeError(
                    f"exp of {name}, row {row}, is outside every format: the number is beyond ±{LARGEST_EXPONENT}; "
                    f"rescale the column"
                )
        return ExactColumn.of_fractions(exponentials(numbers))


@dataclass(frozen=True)
class Sqrt(Mapped):
    """The square root, by numpy.sqrt; exactly: to 256 bits. Raises InputError where a number is negative."""

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        refuse_where(values < 0, values, f"sqrt needs numbers of 0 or more; {name}")
        return format.rounded(np.sqrt(values))

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        numbers = numbers_of(values)
        refuse_where([v < 0 for v in numbers], numbers, f"sqrt needs numbers of 0 or more; {name}")
        return ExactColumn.of_fractions(map(square_root, numbers))


@dataclass(frozen=True)
class Centred(Mapped):
    """x minus its mean: fl(x - fl(mean)), the mean by numpy.mean in the format; exactly: minus the exact mean."""

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        return format.rounded(values - format.rounded(np.mean(values)))

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        return values.minus_mean()


@dataclass(frozen=True)
class Elapsed(Mapped):
    """x minus its first value, fl(x - x_0): time since the first row, for one."""

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        return format.rounded(values - values[0])

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        return values.minus_first()


Divisor: TypeAlias = Literal["norm", "sd", "population sd"]
DIVISORS: Mapping[str, int] = {"sd": 1, "population sd": 0}  # m less these is what squares are averaged over


@dataclass(frozen=True)
class Scaled(Mapped):
    """x divided by its size, fl(x / fl(size)): the 2-norm, or the standard deviation about the mean. Not centred.

    by: "norm" is numpy.linalg.norm, "sd" the standard deviation over m - 1 rows (R's scale), "population sd" that over
    m (scikit-learn's StandardScaler), both numpy.std. Exactly: the size is a square root, correctly rounded to 256
    bits; the division by that number is exact.
    Raises InputError where the size is 0 or there is no such standard deviation, OutOfRangeError where it overflows.
    """

    by: Divisor = "norm"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.by != "norm" and self.by not in DIVISORS:
            raise InputError(f"by must be one of norm, {', '.join(DIVISORS)}; got {self.by!r}")

    def _rounded(self, values: Array, name: str, format: Format) -> Array:
        self._need_rows(len(values), name)
        size = np.linalg.norm(values) if self.by == "norm" else np.std(values, ddof=DIVISORS[self.by])
        divisor = format.rounded(size)
        if not np.isfinite(divisor):
            raise OutOfRangeError(f"the {self.by} of {name} overflows {format.name}: rescale the column")
        self._need_size(bool(divisor), name)
        return format.rounded(values / divisor)

    def _exact(self, values: ExactColumn, name: str) -> ExactColumn:
        self._need_rows(len(values), name)
        squares = values.sum_of_squares()
        if self.by != "norm":
            squares = values.minus_mean().sum_of_squares() / (len(values) - DIVISORS[self.by])
        self._need_size(bool(squares), name)
        return values.over(square_root(squares))

    def _need_rows(self, rows: int, name: str) -> None:
        if self.by == "sd" and rows < 2:
            raise InputError(f"one row of {name} has no standard deviation over m - 1: give more rows")

    def _need_size(self, size: bool, name: str) -> None:
        if not size:
            raise InputError(f"the {self.by} of {name} is 0, and nothing can be divided by it: leave that term out")


def numbers_of(values: ExactColumn) -> list[Fraction]:
    """The numbers of an exact column."""
    return [values[row] for row in range(len(values))]


def refuse_where(wrong: Any, values: Sequence[Any] | Array, needs: str) -> None:
    """Raise InputError, naming the first row that is wrong."""
    row = next((row for row, is_wrong in enumerate(wrong) if is_wrong), None)
    if row is not None:
        is_what = "0" if values[row] == 0 else "negative"
        raise InputError(f"{needs} is {is_what} in row {row}: drop that row, or shift the column")
