"""The result of `lstsq`: coefficients, their proof, and the figures of a regression, each computed on first access."""

from typing import Any

from stabilitylab.core.errors import InputError, OutOfRangeError
from stabilitylab.exact.fit.row_by_row import RowByRow
from stabilitylab.exact.fit.support import Supported
from stabilitylab.exact.undetermined import digits_in_words


class CertifiedFit(RowByRow, Supported):
    """min |b - A x| solved with proof: each x_j is the double nearest to the exact solution for the data as stored.

    x (n,) float64; names: one for each; certificate: the proof; rows: m, without rows of weight 0; constant: a constant
    column of A, about whose mean R² is. Every other figure is computed on first access, from the exact
    normal equations, and is the double nearest to its exact value too; OutOfRangeError where that over- or underflows.
    Converts to x under numpy.asarray.

    system: the exact normal equations, None where x did not need them; solution: theirs, which the other figures start
    from; data: what was fitted, None where it was not kept. known: how exactly the numbers are known; sensitivity:
    what a change of them does, None at a lower rank and where they are exact. intercept: whether the first column is
    one of ones that was put in front of the user's, and is put in front of rows to predict for. ridge: the penalty.

    The arrays are not copied, and what needs them reads them again: an entry that has changed since the fit is noticed
    then, by InputError (see `rows.fingerprint`). x cannot be written to.
    """

    def to_dict(self) -> dict[str, Any]:
        """Everything a program may want to keep, as plain numbers, strings and lists; None for what is out of range."""
        errors, t = self._or_none("standard_errors"), self._or_none("t_statistics")
        digits = self.supported_digits
        return {
            "names": list(self.names),
            "x": self.x.tolist(),
            "standard_errors": None if errors is None else errors.tolist(),
            "t_statistics": None if t is None else t.tolist(),
            "supported_digits": None if digits is None else digits.tolist(),
            "undetermined": self.undetermined,
            "residual_norm": self._or_none("residual_norm"),
            "r_squared": self._or_none("r_squared"),
            "rows": self.rows,
            "rank": self.certificate.rank,
            "route": self.certificate.route,
            "seconds": self.certificate.seconds,
        }

    def _or_none(self, figure: str) -> Any:
        try:
            return getattr(self, figure)
        except OutOfRangeError:
            return None

    def __repr__(self) -> str:
        n = len(self.x)
        try:
            digits, noise = self.supported_digits, self.undetermined
        except InputError:  # the data have changed since
            digits, noise = None, ""
        width, values = max(map(len, self.names)), list(map(repr, self.x.tolist()))
        room = max(map(len, values))
        said = [""] * n if digits is None else [f"{digits_in_words(d)} supported" for d in digits.tolist()]
        lines = zip(self.names, values, said, strict=True)
        shown = [f"  {name:<{width}}  {value:<{room}}  {more}".rstrip() for name, value, more in lines]
        if n > 20:
            shown[10:-10] = [f"  ... {n - 20} more"]
        rank = self.certificate.rank
        what = "" if rank == n else f", the solution of least norm at rank {rank}"
        head = f"CertifiedFit: {self.rows} rows, {n} coefficients, each the double nearest to the exact one{what}"
        proof = f"  proven by {self.certificate.route}, in {self.certificate.seconds * 1e3:.3g} ms"
        return "\n".join([*([noise] if noise else []), head, *shown, proof])
