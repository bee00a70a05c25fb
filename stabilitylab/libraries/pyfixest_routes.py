"""pyfixest's feols, fixest's regression for Python: the normal equations with each solver it offers for them."""

from typing import Any

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

PYFIXEST = python_library("pyfixest", title="pyfixest", modules=("pyfixest",), distribution="pyfixest")

ABSOLUTE = {
    "cuts_off_where_it_says": "the cut-off is absolute: a column drops where a pivot of A'A is below collin_tol = 1e-9"
}


def _given(X: Array, y: Array, intercept: bool) -> tuple[str, Any]:
    """The formula and the DataFrame."""
    import pandas as pd

    names = [f"x{j + 1}" for j in range(X.shape[1])]
    formula = " + ".join(["y ~ 1" if intercept else "y ~ 0", *names])
    return formula, pd.DataFrame(X, columns=names).assign(y=y)


def _reported(fit: Any, data: Any, intercept: bool) -> Fit:
    """0 and NaN for what it leaves out. Its R² is about the mean, which without an intercept is another quantity."""
    names = ["Intercept"] * intercept + [name for name in data.columns if name != "y"]
    coefficients = fit.coef()
    return Fit(
        coefficients.reindex(names, fill_value=0.0).to_numpy(),
        rank=len(coefficients),
        standard_errors=fit.se().reindex(names).to_numpy(),
        r_squared=float(fit._r2) if intercept else None,
        dropped=tuple(j for j, name in enumerate(names) if name not in coefficients),
    )


@route(
    "pyfixest.feols",
    PYFIXEST,
    source="pyfixest API reference, feols; pyfixest/estimation/models/feols_.py",
    deficient_answer="basic",
    fails=ABSOLUTE,
    call_form="columns",
    default=True,
)
def pyfixest_feols(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of pf.feols("y ~ 1 + x1 + x2 + ...", data), X (m, p) and y (m,) in a DataFrame, with se and R².

    A'A by Cholesky, twice: once to find columns to drop, from left to right, with a warning, and once, by
    scipy.linalg.solve for positive definite matrices, to solve. The test is on pivots of A'A in the units of the data:
    the same columns in larger units stay, ill-conditioned as they are. Raises ZeroDivisionError for m = n, for its
    standard errors, and ValueError where all columns drop. float32 stays so only without an intercept.
    Source: pyfixest API reference, feols; pyfixest/estimation/internals/solvers.py."""
    import pyfixest as pf

    formula, data = _given(X, y, intercept)
    return _reported(pf.feols(formula, data=data), data, intercept)


@route(
    "pyfixest.feols_solve",
    PYFIXEST,
    source="pyfixest API reference, feols, parameter solver",
    deficient_answer="basic",
    fails=ABSOLUTE,
    call_form="columns",
)
def pyfixest_feols_solve(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of pf.feols(..., solver="np.linalg.solve"), X (m, p), y (m,): the normal equations by LU.

    Otherwise as pyfixest.feols.
    Source: pyfixest API reference, feols; pyfixest/estimation/internals/solvers.py."""
    import pyfixest as pf

    formula, data = _given(X, y, intercept)
    return _reported(pf.feols(formula, data=data, solver="np.linalg.solve"), data, intercept)


@route(
    "pyfixest.feols_lstsq",
    PYFIXEST,
    source="pyfixest API reference, feols, parameter solver",
    deficient_answer="basic",
    fails=ABSOLUTE,
    call_form="columns",
)
def pyfixest_feols_lstsq(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of pf.feols(..., solver="np.linalg.lstsq"), X (m, p), y (m,): lstsq of A'A, not of A.

    Its cut-off of n 2**-52 on the singular values of A'A is one of about 1e-8 sqrt(n) on those of A, and nothing shows
    of a direction dropped. Otherwise as pyfixest.feols.
    Source: pyfixest API reference, feols; pyfixest/estimation/internals/solvers.py."""
    import pyfixest as pf

    formula, data = _given(X, y, intercept)
    return _reported(pf.feols(formula, data=data, solver="np.linalg.lstsq"), data, intercept)


@route(
    "pyfixest.feols_lsqr",
    PYFIXEST,
    source="pyfixest API reference, feols, parameter solver",
    deficient_answer="basic",
    fails={
        **ABSOLUTE,
        "agrees_with_the_exact_solution": "lsqr stops at 1e-6 of the normal equations",
        "has_a_stated_answer_to_singular_data": "lsqr stops at 1e-6, short of the smallest residual",
    },
    call_form="columns",
    iterative=True,
)
def pyfixest_feols_lsqr(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of pf.feols(..., solver="scipy.sparse.linalg.lsqr"), X (m, p), y (m,): lsqr of A'A.

    With scipy's tolerances of 1e-6, which leave a few digits on small and none on ill-conditioned data, and no warning.
    Raises ValueError for one regressor without an intercept. Otherwise as pyfixest.feols.
    Source: pyfixest API reference, feols; pyfixest/estimation/internals/solvers.py."""
    import pyfixest as pf

    formula, data = _given(X, y, intercept)
    return _reported(pf.feols(formula, data=data, solver="scipy.sparse.linalg.lsqr"), data, intercept)


@route(
    "pyfixest.feols_collin_tol",
    PYFIXEST,
    source="pyfixest API reference, feols, parameter collin_tol",
    law="normal",
    constant=0.6,
    tags=("no-rank-test",),
    call_form="columns",
)
def pyfixest_feols_collin_tol(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of pf.feols(..., collin_tol=1e-300), X (m, p), y (m,): the test switched off as far as it lets.

    0 is refused; columns whose pivot of A'A comes out as 0 or negative still drop, and which
    those are depends on their order. Otherwise as pyfixest.feols.
    Source: pyfixest API reference, feols, parameter collin_tol; pyfixest/estimation/models/feols_.py."""
    import pyfixest as pf

    formula, data = _given(X, y, intercept)
    return _reported(pf.feols(formula, data=data, collin_tol=1e-300), data, intercept)
