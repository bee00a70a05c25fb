"""The same regression on orthogonal columns: what an optimiser does once the conditioning is taken away."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stabilitylab.core.errors import StabilityLabError
from stabilitylab.data.problem import Problem
from stabilitylab.training.run import run_of

if TYPE_CHECKING:
    from stabilitylab.training.causes.inquiry import Inquiry


@dataclass(frozen=True)
class Orthogonalised:
    """gap: the loss gap that the optimiser ends at. direct_digits: of the coefficients by QR in the same format."""

    gap: float
    direct_digits: float


def orthogonalised(inquiry: "Inquiry") -> Orthogonalised | None:
    """The run on Q sqrt(L / factor), A = Q R: all eigenvalues of the Hessian are then L, the largest of A's.

    So a rate that was stable stays stable. None where A has no such factor in float64, or the data do not fit the
    format.
    """
    from stabilitylab import solvers

    ruler, setting = inquiry.run.minimum, inquiry.setting
    A, b = np.asarray(ruler.A, dtype=np.float64), np.asarray(ruler.b, dtype=np.float64)
    Q, _ = np.linalg.qr(A)
    L = float(ruler.spectrum[0][0])
    scale = np.sqrt(L / float(ruler.factor))
    format = setting.format
    try:
        run = run_of(replace(setting, steps=max(inquiry.run.ended, 1)), Problem.from_matrix("orthogonal", Q * scale, b))
        x = solvers.get("qr.householder")(format.rounded(ruler.A), format.rounded(ruler.b))
    except StabilityLabError:
        return None
    if not run.is_finite:
        return None
    return Orthogonalised(float(run.gaps[-1]), min(ruler.digits(np.asanyarray(x))))
