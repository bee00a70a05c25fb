"""The fits of several targets on one A: what each of them says, side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.core.types import IntervalKind
from stabilitylab.exact.dependent import listed
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fit.frame import one_under_another
from stabilitylab.exact.fit.page import Page
from stabilitylab.exact.fit.prediction import Prediction
from stabilitylab.exact.fit.summary import DIGITS, Summary, summary_of_several

SHOWN = 6  # targets, and coefficients, that are printed


@dataclass(frozen=True, eq=False)
class CertifiedFits(Sequence[CertifiedFit]):
    """min |b_k - A x_k| for the columns b_k of B, each a `CertifiedFit`: `fits[0]`, or `fits["price"]` by its name.

    Figures are those of the fits as columns, (n, k) where a fit has (n,). Converts to x under numpy.asarray.
    """

    fits: tuple[CertifiedFit, ...]

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the targets (k,)."""
        return tuple(fit.target for fit in self.fits)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the coefficients (n,)."""
        return self.fits[0].names

    @property
    def x(self) -> Array:
        """The coefficients (n, k), each the double nearest to the exact one."""
        return np.column_stack([fit.x for fit in self.fits])

    @property
    def rows(self) -> int:
        """m, without rows of weight 0, the same for all targets."""
        return self.fits[0].rows

    @property
    def rows_left_out(self) -> int:
        """How many other rows were not counted, since a number was missing there, of some target perhaps."""
        return self.fits[0].rows_left_out

    @property
    def standard_errors(self) -> Array | None:
        """(n, k); None where a fit has none."""
        return self._side_by_side("standard_errors")

    @property
    def t_statistics(self) -> Array | None:
        """(n, k); None where a fit has none."""
        return self._side_by_side("t_statistics")

    @property
    def p_values(self) -> Array | None:
        """(n, k); None where a fit has none."""
        return self._side_by_side("p_values")

    @property
    def supported_digits(self) -> Array | None:
        """(n, k); None where a fit has none."""
        return self._side_by_side("supported_digits")

    @property
    def is_determined(self) -> bool:
        """Whether no coefficient of any target is rounding noise."""
        return all(fit.is_determined for fit in self.fits)

    @property
    def undetermined(self) -> str:
        """Which coefficients are rounding noise, and the way out, once for all targets with the same; "" for none."""
        by_text: dict[str, list[str]] = {}
        for fit in self.fits:
            if not fit.is_determined:
                by_text.setdefault(fit.undetermined, []).append(fit.target)
        return " ".join(f"target{'s' * (len(of) > 1)} {listed(of)}: {text}" for text, of in by_text.items())

    def conf_int(self, level: object = 0.95) -> Array | None:
        """Both ends of the interval of each coefficient (n, 2, k): see `CertifiedFit.conf_int`."""
        ends = [fit.conf_int(level) for fit in self.fits]
        return None if any(one is None for one in ends) else np.stack([one for one in ends if one is not None], axis=2)

    @overload
    def predict(self, A: npt.ArrayLike) -> Array:
        """The values alone."""

    @overload
    def predict(self, A: npt.ArrayLike, *, interval: IntervalKind, level: object = 0.95) -> dict[str, Prediction]:
        """The values with intervals around them, by target."""

    def predict(
        self, A: npt.ArrayLike, *, interval: IntervalKind | None = None, level: object = 0.95
    ) -> Array | dict[str, Prediction]:
        """A x (m', k) for new rows A (m', n), or with intervals a Prediction for each target: see `CertifiedFit`."""
        if interval is None:
            return np.column_stack([fit.predict(A) for fit in self.fits])
        return {fit.target: fit.predict(A, interval=interval, level=level) for fit in self.fits}

    def summary(self, level: object = 0.95, digits: int | None = DIGITS) -> Summary:
        """The figures of all targets, a column for each: see `CertifiedFit.summary`, which says more of one."""
        return summary_of_several(self.fits, self.undetermined, level, digits)

    def _repr_html_(self) -> str:
        header = ("", *self.targets)
        rows = [(name, *map(repr, row)) for name, row in zip(self.names, self.x.tolist(), strict=True)]
        title = "CertifiedFits: coefficients, each the double nearest to the exact one"
        noise = self.undetermined
        return Page(title, header, tuple(rows), warnings=(noise,) if noise else ())._repr_html_()

    def to_frame(self, level: object = 0.95) -> Any:
        """The coefficients of all targets as a pandas.DataFrame, one target under another: see `CertifiedFit`."""
        return one_under_another([fit.to_frame(level) for fit in self.fits], self.targets)

    def to_dict(self) -> dict[str, Any]:
        """The name of each target to what `CertifiedFit.to_dict` says of it."""
        return {fit.target: fit.to_dict() for fit in self.fits}

    @overload
    def __getitem__(self, key: int | str) -> CertifiedFit: ...

    @overload
    def __getitem__(self, key: slice) -> "CertifiedFits": ...

    def __getitem__(self, key: int | str | slice) -> "CertifiedFit | CertifiedFits":
        """The fit of a target, by its name or number, or those of a slice.

        Raises UnknownNameError, IndexError, and InputError for a slice without a target."""
        if isinstance(key, str):
            for fit in self.fits:
                if fit.target == key:
                    return fit
            known = did_you_mean(key, self.targets, plural="targets", show=repr)
            raise UnknownNameError(f"no target is named {key!r}; {known}")
        if isinstance(key, slice):
            if not self.fits[key]:
                raise InputError(f"no target is left of the {len(self.fits)} targets {listed(self.targets)}")
            return CertifiedFits(self.fits[key])
        return self.fits[key]

    def __len__(self) -> int:
        return len(self.fits)

    def __iter__(self) -> Iterator[CertifiedFit]:
        return iter(self.fits)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.x, dtype=dtype)

    def __repr__(self) -> str:
        first, x = self.fits[0], self.x
        n, k = x.shape
        rank = first.certificate.rank
        what = "" if rank == n else f", the solutions of least norm at rank {rank}"
        head = f"CertifiedFits: {first.rows} rows, {n} coefficients for each of {k} targets, each the double nearest"
        cells = [["", *self.targets[:SHOWN]]]
        cells += [[name, *map(repr, row[:SHOWN])] for name, row in zip(self.names[:SHOWN], x.tolist(), strict=False)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        rows = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in cells]
        more = [f"... {n - SHOWN} more coefficients"] * (n > SHOWN) + [f"... {k - SHOWN} more targets"] * (k > SHOWN)
        noise = [self.undetermined] if not self.is_determined else []
        return "\n".join([*noise, f"{head} to the exact one{what}", *(f"  {row}".rstrip() for row in (*rows, *more))])

    def _side_by_side(self, figure: str) -> Array | None:
        columns = [getattr(fit, figure) for fit in self.fits]
        return None if any(column is None for column in columns) else np.column_stack(columns)
