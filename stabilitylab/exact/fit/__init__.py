"""The result of `lstsq`: coefficients, their proof, and the figures of a regression, each computed on first access."""

from typing import Any

from stabilitylab.core.errors import InputError
from stabilitylab.core.printable import one_line
from stabilitylab.exact.fit.page import Page
from stabilitylab.exact.fit.record import frame_of, record_of
from stabilitylab.exact.fit.summary import DIGITS, AllFigures, Summary, summary_of
from stabilitylab.exact.undetermined import digits_in_words

SHOWN = 20  # coefficients that are printed


class CertifiedFit(AllFigures):
    """min |b - A x| solved with proof: each x_j is the double nearest to the exact solution for the data as stored.

    x (n,) float64; names: one for each; certificate: the proof; rows: m, without rows of weight 0; constant: a constant
    column of A, about whose mean R² is; target: the name of b; rows_left_out: how many others there were, which were
    not counted, since a number was missing there. Every other figure is computed on first access, from the exact normal
    equations, and is the double nearest to its exact value too; OutOfRangeError where that over- or underflows.
    Converts to x under numpy.asarray.

    system: the exact normal equations, None where x did not need them; solution: theirs, which the other figures start
    from; data: what was fitted, None where it was not kept. known: how exactly the numbers are known; sensitivity:
    what a change of them does, None at a lower rank and where they are exact. intercept: whether the first column is
    one of ones that was put in front of the user's, and is put in front of rows to predict for. ridge: the penalty.

    The arrays are not copied, and what needs them reads them again: an entry that has changed since the fit is noticed
    then, by InputError (see `rows.fingerprint`). x cannot be written to.
    """

    def summary(self, level: object = 0.95, digits: int | None = DIGITS) -> Summary:
        """All figures in the arrangement of R and statsmodels: `print(fit.summary())`, a table in a notebook.

        level: of the intervals. digits: of each number that is shown, None for all of them. What cannot be given is
        said in its place. Raises InputError for a level that is none, and where the data have changed since the fit.
        """
        return summary_of(self, level, digits)

    def to_dict(self, level: object = 0.95) -> dict[str, Any]:
        """Everything a program may want to keep, as plain numbers, strings and lists; None for what there is not.

        level: of the intervals, `lower` and `upper`. `reasons` says what is out of range, `conventions` what differs
        between programs.
        """
        return record_of(self, level)

    def to_frame(self, level: object = 0.95) -> Any:
        """The coefficients as a pandas.DataFrame with their names as its index: each number in full, NaN for none.

        Columns: value, standard_error, statistic (t, or z with absolute weights), p, lower and upper, of intervals at
        this level, and supported_digits. Raises InputError for a level that is none, and MissingLibraryError where
        pandas is not installed.
        """
        return frame_of(self, level)

    def __repr__(self) -> str:
        title, rows, proof, noise = self._shown()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [f"  {'  '.join(f'{cell:<{width}}' for cell, width in zip(row, widths, strict=True))}" for row in rows]
        return "\n".join([*noise, title, *map(str.rstrip, lines), f"  {proof}"])

    def _repr_html_(self) -> str:
        title, rows, proof, noise = self._shown()
        header = ("", "value", "digits the data support")
        return Page(title, header, rows, foot=(("proof", proof),), warnings=noise)._repr_html_()

    def _shown(self) -> tuple[str, tuple[tuple[str, str, str], ...], str, tuple[str, ...]]:
        """A title, a row for each coefficient, the proof, and warnings: what is there without further work."""
        try:
            digits, noise = self.supported_digits, self.undetermined
        except InputError:  # the data have changed since
            digits, noise = None, ""
        n, rank = len(self.x), self.certificate.rank
        said = [""] * n if digits is None else [f"{digits_in_words(d)} supported" for d in digits.tolist()]
        said = ["exact" if zero else text for zero, text in zip(self.is_exactly_zero, said, strict=True)]
        rows = list(zip(map(one_line, self.names), map(repr, self.x.tolist()), said, strict=True))
        if n > SHOWN:
            rows[SHOWN // 2 : -SHOWN // 2] = [(f"... {n - SHOWN} more", "", "")]
        what = "" if rank == n else f", the solution of least norm at rank {rank}"
        title = f"CertifiedFit: {self.rows} rows, {n} coefficients, each the double nearest to the exact one{what}"
        proof = f"proven by {self.certificate.route}, in {self.certificate.seconds * 1e3:.3g} ms"
        return title, tuple(rows), proof, (noise,) if noise else ()
