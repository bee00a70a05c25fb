"""Terms in place of columns that only the data can name, as in a design made before its problem is."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError
from stabilitylab.data.labels import Labels
from stabilitylab.data.terms import Column, Columns, Term


class _Unbound(Term):
    """Stands for columns that only the data can name; a Problem puts the columns in its place."""

    @property
    def unbound(self) -> bool:
        """True."""
        return True

    @abstractmethod
    def bound(self, regressors: Sequence[str]) -> tuple[Term, ...]:
        """The terms that it stands for when these are the columns besides the response."""

    def names(self, labels: Mapping[str, Labels]) -> tuple[str, ...]:
        """Raises InputError: it has no names yet."""
        raise self._error()

    def rounded(self, columns: Columns[Array], format: Format) -> Array:
        """Raises InputError: it has no columns yet."""
        raise self._error()

    def exact(self, columns: Columns[ExactColumn]) -> tuple[ExactColumn, ...]:
        """Raises InputError: it has no columns yet."""
        raise self._error()

    def _error(self) -> InputError:
        return InputError(f"{self} stands for columns that are not known yet: give the design to a Problem")


@dataclass(frozen=True)
class Regressors(_Unbound):
    """Every column but the response, in the order of the data."""

    def __str__(self) -> str:
        return "every regressor"

    def bound(self, regressors: Sequence[str]) -> tuple[Term, ...]:
        """One Column for each regressor."""
        return tuple(Column(name) for name in regressors)


@dataclass(frozen=True)
class OnlyRegressor(_Unbound):
    """The one column besides the response."""

    def __str__(self) -> str:
        return "the only regressor"

    def bound(self, regressors: Sequence[str]) -> tuple[Term, ...]:
        """That Column. Raises InputError unless there is exactly one."""
        if len(regressors) != 1:
            raise InputError(
                f"a polynomial has one regressor; got columns {list(regressors)}: drop the others, or name the one, "
                f"as in Design.of(Intercept(), 'x', Power('x', 2))"
            )
        return (Column(regressors[0]),)
