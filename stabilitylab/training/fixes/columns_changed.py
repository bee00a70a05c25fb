"""Changes of the columns and of the method: standardised columns, and a direct solver in place of the optimiser."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from stabilitylab import solvers
from stabilitylab.core.arithmetic.formats import FLOAT64, Array
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.data.problem import Problem
from stabilitylab.training.causes.inquiry import Inquiry
from stabilitylab.training.fixes.fix import Tried, fix
from stabilitylab.training.run import run_of


@fix("standardised columns", "SL401", "SL405", "SL408", "SL410", "SL411")
def standardised(inquiry: Inquiry) -> Iterator[Tried]:
    """Columns minus their means, over their standard deviations; the coefficients mapped back in float64.

    Without a constant column nothing is subtracted: the columns are only divided by their norms.
    """
    ruler, setting = inquiry.run.minimum, inquiry.setting
    A, b = np.asarray(ruler.A, dtype=np.float64), np.asarray(ruler.b, dtype=np.float64)
    ones = [j for j in range(A.shape[1]) if (A[:, j] == A[0, j]).all() and A[0, j] != 0]
    mean, size = _standard(A, ones)
    S = (A - mean) / size
    L = float(np.linalg.norm(S, 2) ** 2 * float(ruler.factor))
    rate = setting.lr if inquiry.largest_rate is None else 1 / L * (inquiry.largest_rate * ruler.spectrum[0][0] / 2)
    try:
        run = run_of(replace(setting, lr=float(rate)), Problem.from_matrix("standardised", S, b))
    except StabilityLabError:
        return
    if not run.is_finite:
        return
    z = np.asarray(run.x, dtype=np.float64) / size
    x = z.copy()
    if ones:
        x[ones[0]] = (z[ones[0]] * A[0, ones[0]] - z @ np.where(np.isin(np.arange(len(z)), ones[:1]), 0, mean)) \
            / A[0, ones[0]]  # fmt: skip
    rounded = np.asarray(setting.format.rounded(x), dtype=np.float64) if setting.format != FLOAT64 else x
    how = "centred and divided by their standard deviations" if ones else "divided by their norms"
    yield Tried(f"With columns {how}, rate {rate:.3g}", "A_s = (A - A.mean(0)) / A.std(0)" if ones
                else "A_s = A / np.linalg.norm(A, axis=0)", min(ruler.digits(rounded)))  # fmt: skip


def _standard(A: Array, ones: list[int]) -> tuple[Array, Array]:
    """What is subtracted from each column and what it is divided by (n,)."""
    m = len(A)
    mean = A.mean(axis=0) if ones else np.zeros(A.shape[1])
    for j in ones[:1]:
        mean[j] = 0.0
    size = np.linalg.norm(A - mean, axis=0) / (np.sqrt(m) if ones else 1.0)
    size[size == 0] = 1.0
    for j in ones[:1]:
        size[j] = 1.0
    return mean, size


@fix("a direct solver")
def direct(inquiry: Inquiry) -> Iterator[Tried]:
    """Householder QR in the same format, and in float64: on least squares no optimiser is needed."""
    ruler = inquiry.run.minimum
    for format in dict.fromkeys((inquiry.setting.format, FLOAT64)):
        try:
            x = solvers.get("qr.householder")(format.rounded(ruler.A), format.rounded(ruler.b))
        except StabilityLabError:
            continue
        x = np.asanyarray(x) if format == inquiry.setting.format else np.asarray(x, dtype=np.float64)
        plain = x if type(x) is np.ndarray else np.asarray(x, dtype=np.float64)
        if np.isfinite(plain).all():
            yield Tried(f"Solved directly, by QR in {format.name}", 'sl.solvers.get("qr.householder")(A, b)',
                        min(ruler.digits(plain)), is_direct=True)  # fmt: skip
