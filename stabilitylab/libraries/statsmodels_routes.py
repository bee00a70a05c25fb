"""statsmodels' ways to ordinary least squares: OLS by pinv or qr, formulas, WLS, GLS, GLM, and the recursive ones.

Users give the whole design matrix, constant column included. The rank reported is model.rank, where it is below the
number of columns. It is no count of the directions kept: it drops below n eps (n singular values, eps of their format)
where pinv drops below 1e-15, so that up to n = 4 a direction goes without the warning and with full rank, and from
n = 5 a warning and a lower rank may come for one that stays.
"""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

STATSMODELS = python_library("statsmodels", title="statsmodels", modules=("statsmodels",), distribution="statsmodels")

BOTH = ("float32", "float64")
SAYS = "singular values up to 1e-15 times the largest are dropped, in every format"
PROMOTED = {"returns_the_format_of_its_input": "float32 is promoted to float64, and x stays there"}

COUNTED_APART = {
    "drops_directions_where_its_rank_is_lower": "model.rank is counted apart from x: below n eps, where x drops nothing"
}


def _pinv(m: int, n: int, eps: float) -> float:
    return 1e-15


def _reported(results: Any) -> Fit:
    rank = int(results.model.rank)
    return Fit(
        np.asarray(results.params),
        standard_errors=np.asarray(results.bse),
        r_squared=float(results.rsquared),
        rank=rank if rank < len(results.params) else None,
    )


@route(
    "statsmodels.OLS",
    STATSMODELS,
    source="statsmodels API reference, OLS.fit; statsmodels/tools/tools.py, pinv_extended",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.16,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=_pinv,
    cutoff_says=SAYS,
    default=True,
    fails=COUNTED_APART,
)
def statsmodels_ols(A: Array, b: Array) -> Fit:
    """x (n,) = sm.OLS(b, A).fit().params, A (m, n): the default, method="pinv", with bse and R².

    An explicit pseudo-inverse from numpy's SVD, then its product with b: forward error as from an SVD, but not backward
    stable. float32 data are decomposed in float64 and the factors rounded to float32. Warns SingularMatrixWarning where
    model.rank is below n; standard errors then count its degrees of freedom.
    Source: statsmodels API reference, OLS.fit; statsmodels/regression/linear_model.py, RegressionModel.fit."""
    import statsmodels.api as sm

    return _reported(sm.OLS(b, A).fit())


@route(
    "statsmodels.OLS_qr",
    STATSMODELS,
    source="statsmodels API reference, OLS.fit; statsmodels/regression/linear_model.py",
    tags=("scale-equivariant", "columnwise-backward-stable", "normwise-backward-stable", "no-rank-test"),
    law="columnwise",
    constant=0.14,
    scalars=BOTH,
    fails=COUNTED_APART,
)
def statsmodels_ols_qr(A: Array, b: Array) -> Fit:
    """x (n,) = sm.OLS(b, A).fit(method="qr").params, A (m, n): Householder QR by numpy, with bse and R².

    No rank test on x: model.rank only sets the degrees of freedom of the standard errors, and these come from
    inv(R'R), which squares the condition number; ill-conditioned data keep digits in x that bse has not. Raises
    LinAlgError where R or R'R is exactly singular, the latter although x would have digits.
    Source: statsmodels API reference, OLS.fit; statsmodels/regression/linear_model.py, RegressionModel.fit."""
    import statsmodels.api as sm

    return _reported(sm.OLS(b, A).fit(method="qr"))


@route(
    "statsmodels.ols_formula",
    STATSMODELS,
    source="statsmodels API reference, statsmodels.formula.api.ols",
    law="normwise",
    constant=0.16,
    works_in="float64",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    fails=PROMOTED,
    cutoff=_pinv,
    cutoff_says=SAYS,
    call_form="columns",
)
def statsmodels_ols_formula(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of smf.ols("y ~ 1 + x1 + x2 + ...", data).fit(), X (m, p) and y (m,) in a DataFrame; "0 +" for none.

    statsmodels.OLS on the design matrix that the formula builds, in float64, its column of ones first.
    Source: statsmodels user guide, section on fitting models using R-style formulas."""
    import pandas as pd
    import statsmodels.formula.api as smf

    names = [f"x{j + 1}" for j in range(X.shape[1])]
    data = pd.DataFrame(X, columns=names).assign(y=y)
    formula = " + ".join(["y ~ 1" if intercept else "y ~ 0", *names])
    return _reported(smf.ols(formula, data=data).fit())


@route(
    "statsmodels.WLS",
    STATSMODELS,
    source="statsmodels API reference, WLS",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.16,
    works_in="float64",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    fails=PROMOTED,
    cutoff=_pinv,
    cutoff_says=SAYS,
)
def statsmodels_wls(A: Array, b: Array, weights: Array | None = None) -> Fit:
    """x (n,) = sm.WLS(b, A, weights=weights).fit().params, A (m, n): every weight 1 by default, with bse and R².

    statsmodels.OLS on A and b times the square roots of the weights, which are float64.
    Source: statsmodels API reference, WLS."""
    import statsmodels.api as sm

    return _reported(sm.WLS(b, A, weights=np.ones(len(b)) if weights is None else weights).fit())


@route(
    "statsmodels.GLS",
    STATSMODELS,
    source="statsmodels API reference, GLS",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.16,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=_pinv,
    cutoff_says=SAYS,
    fails=COUNTED_APART,
)
def statsmodels_gls(A: Array, b: Array) -> Fit:
    """x (n,) = sm.GLS(b, A).fit().params, A (m, n), no sigma given, which is the identity; with bse and R².

    Nothing is whitened then: statsmodels.OLS under another name.
    Source: statsmodels API reference, GLS, parameter sigma."""
    import statsmodels.api as sm

    return _reported(sm.GLS(b, A).fit())


@route(
    "statsmodels.GLM_Gaussian",
    STATSMODELS,
    source="statsmodels API reference, GLM.fit; statsmodels/genmod/generalized_linear_model.py, _fit_irls",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.16,
    works_in="float64",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    fails=PROMOTED,
    cutoff=_pinv,
    cutoff_says=SAYS,
)
def statsmodels_glm_gaussian(A: Array, b: Array) -> Fit:
    """x (n,) = sm.GLM(b, A, family=sm.families.Gaussian()).fit().params, A (m, n): the identity link, with bse.

    Iteratively reweighted least squares with weights that stay 1: numpy.linalg.lstsq with rcond=-1 in each iteration,
    then once more by statsmodels.OLS, whose x and cut-off are the ones reported. Warns of perfect separation where
    the fit is exact. It reports no R².
    Source: statsmodels API reference, GLM.fit, parameter wls_method; McCullagh and Nelder (1989), section 2.5."""
    import statsmodels.api as sm

    results = sm.GLM(b, A, family=sm.families.Gaussian()).fit()
    steps = int(results.fit_history["iteration"])
    return Fit(np.asarray(results.params), iterations=steps, standard_errors=np.asarray(results.bse))


@route(
    "statsmodels.RecursiveLS",
    STATSMODELS,
    source="statsmodels API reference, RecursiveLS; Durbin and Koopman (2012), section 5.2",
    tags=("no-rank-test",),
    fails={"cuts_off_where_it_says": "the cut-off is absolute: a forecast variance below 1e-10, in units of A squared"},
)
def statsmodels_recursive_ls(A: Array, b: Array) -> Fit:
    """x (n,) = sm.RecursiveLS(b, A).fit().params, A (m, n): row by row through a Kalman filter, with bse and R².

    Started as diffuse, so that the first rows alone give the first estimate: where these are nearly dependent, digits
    are lost that later rows do not bring back, however well-conditioned A is. A row counts as dependent on those before
    it where its diffuse forecast variance is below 1e-10, whatever the units of A. float32 is converted to float64.
    Source: statsmodels API reference, RecursiveLS; statsmodels/tsa/statespace/_kalman_filter.pyx, tolerance_diffuse."""
    import statsmodels.api as sm

    results = sm.RecursiveLS(b, A).fit()
    standard_errors, r_squared = np.asarray(results.bse), float(results.rsquared)
    return Fit(np.asarray(results.params), standard_errors=standard_errors, r_squared=r_squared)


@route(
    "statsmodels.RollingOLS",
    STATSMODELS,
    source="statsmodels API reference, RollingOLS.fit; Higham (2002), section 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=2.0,
    gram="inverse",
    works_in="float64",
    scalars=BOTH,
    fails={
        **PROMOTED,
        "has_a_stated_answer_to_singular_data": "a LinAlgError is caught, and NaN given in its place without a warning",
    },
)
def statsmodels_rolling_ols(A: Array, b: Array) -> Fit:
    """x (n,) = RollingOLS(b, A, window=m).fit().params[-1], A (m, n): the one window that holds all rows.

    inv(A'A) @ A'b, the default method "inv": the normal equations, in float64. Shorter windows add rows to A'A and take
    them off again. NaN for all where a pivot of A'A is exactly 0.
    Source: statsmodels API reference, RollingOLS.fit, parameter method; statsmodels/regression/rolling.py."""
    from statsmodels.regression.rolling import RollingOLS

    results = RollingOLS(b, A, window=len(b)).fit()
    standard_errors, r_squared = results.bse[-1], float(results.rsquared[-1])
    return Fit(results.params[-1], standard_errors=standard_errors, r_squared=r_squared)
