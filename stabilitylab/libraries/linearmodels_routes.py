"""linearmodels' ways to ordinary least squares: IV2SLS without instruments, PooledOLS, OLS, and SUR of one equation.

All convert to float64, and all test the rank first and refuse with a ValueError. Standard errors are given where they
are the classical ones by default; those of IV2SLS, OLS and SUR are White's, another quantity.
"""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

LINEARMODELS = python_library(
    "linearmodels", title="linearmodels", modules=("linearmodels",), distribution="linearmodels"
)

BOTH = ("float32", "float64")
SAYS = (
    "refuses where numpy.linalg.matrix_rank counts less than n: singular values up to max(m, n) 2**-52 of the largest"
)
PROMOTED = {"returns_the_format_of_its_input": "float32 is converted to float64, and x stays there"}


def _matrix_rank(m: int, n: int, eps: float) -> float:
    return max(m, n) * float(np.finfo(np.float64).eps)


@route(
    "linearmodels.IV2SLS",
    LINEARMODELS,
    source="linearmodels documentation, IV2SLS; linearmodels/iv/model.py, _IVLSModelBase.estimate_parameters",
    tags=("scale-equivariant",),
    law="normal",
    constant=2.0,
    gram="inverse",
    works_in="float64",
    scalars=BOTH,
    deficient_answer="refuses",
    fails=PROMOTED,
    cutoff=_matrix_rank,
    cutoff_says=SAYS,
    default=True,
)
def linearmodels_iv2sls(A: Array, b: Array) -> Fit:
    """x (n,) = IV2SLS(b, A, None, None).fit().params, A (m, n): the documented way to least squares, with R².

    inv(A'A pinv(A) A) @ (A'A pinv(A) b): the normal equations with a projection between the factors. Past cond 1e8
    there is no digit left, where the rank test still passes. Raises LinAlgError where a pivot is exactly 0.
    Source: linearmodels documentation, IV2SLS; linearmodels/iv/model.py, _IVLSModelBase.estimate_parameters."""
    from linearmodels.iv import IV2SLS

    fit = IV2SLS(b, A, None, None).fit()
    return Fit(np.asarray(fit.params), r_squared=float(fit.rsquared))


@route(
    "linearmodels.PooledOLS",
    LINEARMODELS,
    source="linearmodels documentation, PooledOLS; linearmodels/panel/model.py, _lstsq",
    tags=("scale-equivariant", "columnwise-backward-stable", "normwise-backward-stable"),
    law="columnwise",
    constant=0.1,
    works_in="float64",
    scalars=BOTH,
    deficient_answer="refuses",
    fails=PROMOTED,
    cutoff=_matrix_rank,
    cutoff_says="refuses where LAPACK's gelsy with rcond = max(m, n) 2**-52 finds less than full rank",
)
def linearmodels_pooled_ols(A: Array, b: Array) -> Fit:
    """x (n,) = PooledOLS(b, A).fit().params, A (m, n), each row an entity seen once; with std_errors and R².

    scipy.linalg.lstsq by gelsy, QR with column pivoting: backward stable by columns. The covariance is inv(A'A), and
    its LinAlgError for an exactly singular A'A takes x along, although that has digits. Raises ValueError for m = n.
    Source: linearmodels documentation, PooledOLS; linearmodels/panel/model.py, PooledOLS.fit."""
    import pandas as pd
    from linearmodels.panel import PooledOLS

    index = pd.MultiIndex.from_product([range(len(b)), [0]])
    fit = PooledOLS(pd.Series(b, index=index), pd.DataFrame(A, index=index)).fit()
    return Fit(np.asarray(fit.params), standard_errors=np.asarray(fit.std_errors), r_squared=float(fit.rsquared))


@route(
    "linearmodels.OLS",
    LINEARMODELS,
    source="linearmodels documentation, OLS; linearmodels/iv/model.py, _IVLSModelBase.estimate_parameters",
    tags=("scale-equivariant",),
    law="normal",
    constant=2.0,
    gram="inverse",
    works_in="float64",
    scalars=BOTH,
    deficient_answer="refuses",
    fails=PROMOTED,
    cutoff=_matrix_rank,
    cutoff_says=SAYS,
)
def linearmodels_ols(A: Array, b: Array) -> Fit:
    """x (n,) = linearmodels.OLS(b, A).fit().params, A (m, n): the k-class estimator with kappa = 0, with R².

    inv(A'A) @ A'b. Its documentation sends users on to statsmodels. Raises LinAlgError where a pivot is exactly 0.
    Source: linearmodels/iv/model.py, _OLS and _IVLSModelBase.estimate_parameters."""
    from linearmodels import OLS

    fit = OLS(b, A).fit()
    return Fit(np.asarray(fit.params), r_squared=float(fit.rsquared))


@route(
    "linearmodels.SUR",
    LINEARMODELS,
    source="linearmodels documentation, SUR; linearmodels/system/model.py, _parameters_from_xprod",
    tags=("scale-equivariant",),
    law="normal",
    constant=1.0,
    gram="pivoting",
    works_in="float64",
    scalars=BOTH,
    deficient_answer="refuses",
    fails=PROMOTED,
    cutoff=_matrix_rank,
    cutoff_says=SAYS,
)
def linearmodels_sur(A: Array, b: Array) -> Fit:
    """x (n,) = SUR({"b": {"dependent": b, "exog": A}}).fit().params, A (m, n): a system of one equation, with R².

    With one equation, or the same regressors in all, its method is "ols": numpy.linalg.solve(A'A, A'b). Raises
    ValueError unless m > n, and LinAlgError where a pivot is exactly 0.
    Source: linearmodels documentation, SUR; linearmodels/system/model.py, _parameters_from_xprod."""
    from linearmodels.system import SUR

    fit = SUR({"b": {"dependent": b, "exog": A}}).fit()
    return Fit(np.asarray(fit.params), r_squared=float(fit.rsquared))
