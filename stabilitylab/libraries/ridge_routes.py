"""Ridge regression at a real penalty, min |y - X x|² + lambda |x|², by libraries that have it and as people type it.

X (m, p) and y (m,) come without rows for the penalty, and an intercept has none. Where a library, or the formula, has
no intercept of its own, X and y are centred at their means first, or a column of ones is given no penalty, as its users
do. R² is not reported: it is not that of least squares.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Breakdown
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.glum_routes import GLUM
from stabilitylab.libraries.numpy_routes import NUMPY
from stabilitylab.libraries.polars_ds_routes import POLARS_DS
from stabilitylab.libraries.polars_ols_routes import POLARS_OLS
from stabilitylab.libraries.scipy_routes import SCIPY, stopped
from stabilitylab.libraries.sklearn_routes import FEW_DIGITS, SKLEARN, coefficients
from stabilitylab.libraries.statsmodels_routes import STATSMODELS

F = TypeVar("F", bound=Callable[..., Any])

BOTH = ("float32", "float64")
STOPS_EARLY = {"agrees_with_the_exact_solution": FEW_DIGITS, "solves_the_matrix_it_says": FEW_DIGITS}
HOERL = "Hoerl and Kennard, Technometrics 12 (1970) 55-67"


def _centred(X: Array, y: Array, intercept: bool, slopes: Callable[[Array, Array], Array]) -> Array:
    """The coefficients by a function of X and y that fits no intercept: of both less their means, for one."""
    if not intercept:
        return slopes(X, y)
    mean, level = X.mean(axis=0), y.mean()
    x = slopes(X - mean, y - level)
    return np.append(level - mean @ x, x)


def _with_ones(X: Array, intercept: bool) -> tuple[Array, Array]:
    """A (m, n), X with a column of ones in front where there is an intercept, and I (n - intercept, n) without it."""
    A = np.column_stack([np.ones(len(X), X.dtype), X]) if intercept else X
    return A, np.eye(A.shape[1], dtype=X.dtype)[int(intercept) :]


# --- scikit-learn


def _sklearn(name: str, solver: str, *, tags: tuple[str, ...] = (), **claims: Any) -> Callable[[F], F]:
    source = f"scikit-learn API reference, Ridge, parameter solver={solver!r}; sklearn/linear_model/_ridge.py"
    return route(name, SKLEARN, source=source, tags=tags, scalars=BOTH, call_form="ridge", centred="means", **claims)


def _ridge(X: Array, y: Array, intercept: bool, penalty: float, solver: str) -> Fit:
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=penalty, fit_intercept=intercept, solver=solver, random_state=0).fit(X, y)
    steps = None if model.n_iter_ is None else int(np.max(model.n_iter_))
    return Fit(coefficients(model, intercept), iterations=steps)


@_sklearn("sklearn.Ridge", "auto")
def sklearn_ridge(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """Coefficients of Ridge(alpha=penalty, fit_intercept=intercept).fit(X, y), X (m, p), y (m,), centred.

    The default solver, "auto", takes the normal equations for dense X: X'X + alpha I by scipy.linalg.solve, which warns
    where they are ill-conditioned. Error about u cond**2, cond that of [X; sqrt(alpha) I].
    Source: scikit-learn API reference, Ridge; sklearn/linear_model/_ridge.py, _solve_cholesky."""
    return _ridge(X, y, intercept, penalty, "auto")


@_sklearn("sklearn.Ridge_svd", "svd", tags=("normwise-backward-stable",))
def sklearn_ridge_svd(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """Coefficients of Ridge(alpha=penalty, solver="svd", fit_intercept=intercept).fit(X, y), X (m, p), y (m,), centred.

    V s / (s² + alpha) U'y of the centred X = U diag(s) V', in which nothing is squared that matters.
    Source: scikit-learn API reference, Ridge; sklearn/linear_model/_ridge.py, _solve_svd."""
    return _ridge(X, y, intercept, penalty, "svd")


@_sklearn("sklearn.Ridge_lsqr", "lsqr")
def sklearn_ridge_lsqr(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """Coefficients of Ridge(alpha=penalty, solver="lsqr", ...).fit(X, y), X (m, p), y (m,), centred.

    scipy.sparse.linalg.lsqr with damp = sqrt(alpha) and atol = btol = tol = 1e-4. No warning where it stops short.
    Source: scikit-learn API reference, Ridge; Paige and Saunders, ACM Trans. Math. Software 8 (1982) 43-71."""
    return _ridge(X, y, intercept, penalty, "lsqr")


@_sklearn("sklearn.Ridge_sparse_cg", "sparse_cg")
def sklearn_ridge_sparse_cg(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """Coefficients of Ridge(alpha=penalty, solver="sparse_cg", ...).fit(X, y), X (m, p), y (m,), centred.

    Conjugate gradients on X'X + alpha I by products, until the residual of these equations is 1e-4 of X'y.
    Source: scikit-learn API reference, Ridge; Hestenes and Stiefel, J. Res. NBS 49 (1952) 409-436."""
    return _ridge(X, y, intercept, penalty, "sparse_cg")


@_sklearn("sklearn.Ridge_sag", "sag", fails=STOPS_EARLY)
def sklearn_ridge_sag(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """Coefficients of Ridge(alpha=penalty, solver="sag", random_state=0, ...).fit(X, y), X (m, p), y (m,), centred.

    Stochastic average gradient, up to 1000 passes, until one changes the slopes by under 1e-4 of the largest.
    Source: scikit-learn API reference, Ridge; Schmidt, Le Roux and Bach, Math. Program. 162 (2017) 83-112."""
    return _ridge(X, y, intercept, penalty, "sag")


@_sklearn("sklearn.Ridge_saga", "saga", fails=STOPS_EARLY)
def sklearn_ridge_saga(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """Coefficients of Ridge(alpha=penalty, solver="saga", random_state=0, ...).fit(X, y), X (m, p), y (m,), centred.

    The unbiased variant of sag, with its tolerance and its number of passes.
    Source: scikit-learn API reference, Ridge; Defazio, Bach and Lacoste-Julien, NIPS 27 (2014) 1646-1654."""
    return _ridge(X, y, intercept, penalty, "saga")


# --- statsmodels, glum


@route(
    "statsmodels.fit_regularized",
    STATSMODELS,
    source="statsmodels API reference, OLS.fit_regularized; statsmodels/regression/linear_model.py, _fit_ridge",
    call_form="ridge",
)
def statsmodels_fit_regularized(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """x (n,) of OLS(y, A).fit_regularized(alpha=penalties/m, L1_wt=0), A (m, n) = X with its column of ones, if any.

    The sum of squares is divided by m there, so that the penalty is; that of the ones is 0. Without an intercept it is
    V s / (s² + penalty) U'y by an SVD of A; with one, (S² + V' P V) z = S U'y, P the penalties, by elimination.
    Source: statsmodels API reference, OLS.fit_regularized; statsmodels/regression/linear_model.py, _fit_ridge."""
    import statsmodels.api as sm

    alpha = penalty / len(y)
    if not intercept:
        return Fit(np.asarray(sm.OLS(y, X).fit_regularized(alpha=alpha, L1_wt=0).params))
    each = np.append(0.0, np.full(X.shape[1], alpha))
    return Fit(
        np.asarray(sm.OLS(y, sm.add_constant(X, has_constant="add")).fit_regularized(alpha=each, L1_wt=0).params)
    )


@route(
    "glum.ridge",
    GLUM,
    source="glum documentation, GeneralizedLinearRegressor, parameters alpha and l1_ratio",
    call_form="ridge",
)
def glum_ridge(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """Coefficients of GeneralizedLinearRegressor(family="normal", alpha=penalty/m, l1_ratio=0).fit(X, y), X (m, p).

    y (m,). The sum of squares is divided by 2 m there, and the penalty by 2. The normal equations, as without one.
    Source: glum documentation, GeneralizedLinearRegressor; glum/_solvers.py, _least_squares_solver."""
    from glum import GeneralizedLinearRegressor

    alpha = penalty / len(y)
    model = GeneralizedLinearRegressor(family="normal", alpha=alpha, l1_ratio=0, fit_intercept=intercept)
    model.fit(np.asfortranarray(X), y)
    return Fit(coefficients(model, intercept), iterations=int(model.n_iter_))


# --- plug-ins of Polars


def _columns(X: Array, y: Array) -> tuple[Any, list[str]]:
    import polars as pl

    names = [f"x{j}" for j in range(X.shape[1])]
    return pl.DataFrame({**dict(zip(names, X.T, strict=True)), "y": y}), names


@route(
    "polars_ds.ridge",
    POLARS_DS,
    source="polars-ds, docstring of lin_reg, parameters l2_reg and singular_x_tol",
    call_form="ridge",
    deficient_answer="refuses",
)
def polars_ds_ridge(X: Array, y: Array, intercept: bool, penalty: float) -> Array:
    """x (n,) = pds.lin_reg(*features, target="y", add_bias=intercept, l2_reg=penalty), X (m, p), y (m,).

    The default solver, "qr", of the normal equations, behind the gate of polars_ds.lin_reg: where the determinant of
    A'A with the penalty is at most 1e-12 times the product of its diagonal it returns null, a penalty or not.
    Source: polars-ds, docstring of lin_reg."""
    import polars_ds as pds

    df, names = _columns(X, y)
    found = df.select(pds.lin_reg(*names, target="y", add_bias=intercept, l2_reg=penalty)).item()
    if found is None:
        raise Breakdown("null: the relative determinant of A'A is at most singular_x_tol, 1e-12 by default")
    return np.roll(found.to_numpy(), int(intercept))


@route(
    "polars_ols.ridge",
    POLARS_OLS,
    source="polars-ols, README and docstring of OLSKwargs, parameter alpha",
    call_form="ridge",
    fails={"agrees_with_the_exact_solution": "an intercept has the penalty too"},
)
def polars_ols_ridge(X: Array, y: Array, intercept: bool, penalty: float) -> Array:
    """x (n,) = pl.col("y").least_squares.ridge(*features, alpha=penalty, add_intercept=intercept), X (m, p), y (m,).

    The bits of solve_method="chol": the normal equations by Cholesky. Its intercept is a column of ones like any other,
    and has the penalty too: with one this is another regression than that of the others.
    Source: polars-ols, README and docstring of OLSKwargs; measured by equal bits."""
    import polars as pl
    import polars_ols  # noqa: F401, importing it registers the namespace least_squares

    df, names = _columns(X, y)
    target: Any = pl.col("y")
    options = {"alpha": penalty, "add_intercept": intercept, "mode": "coefficients"}
    found = df.select(target.least_squares.ridge(*names, **options)).item()
    return np.roll(np.array(list(found.values())), int(intercept))


# --- NumPy and SciPy


@route(
    "numpy.ridge_solve", NUMPY, source=f"{HOERL}; numpy.linalg.solve, reference manual", scalars=BOTH, call_form="ridge"
)
def numpy_ridge_solve(X: Array, y: Array, intercept: bool, penalty: float) -> Array:
    """x (n,) = solve(A.T @ A + penalty * I, A.T @ y), A (m, n) = X with its column of ones, if any.

    I without the entry of the ones. Error about u cond**2. Raises LinAlgError where a pivot is exactly 0.
    Source: Hoerl and Kennard, Technometrics 12 (1970) 55-67; Higham (2002), section 20.4."""
    A, free = _with_ones(X, intercept)
    return np.asarray(np.linalg.solve(A.T @ A + penalty * (free.T @ free), A.T @ y))


@route("numpy.ridge_inv", NUMPY, source=f"{HOERL}; numpy.linalg.inv, reference manual", scalars=BOTH, call_form="ridge")
def numpy_ridge_inv(X: Array, y: Array, intercept: bool, penalty: float) -> Array:
    """x (n,) = inv(A.T @ A + penalty * I) @ (A.T @ y), A (m, n) as in numpy.ridge_solve: the formula, typed in.

    Error about u cond**2, as by elimination, and often a few times larger.
    Source: Hoerl and Kennard, Technometrics 12 (1970) 55-67; Higham (2002), section 14.1."""
    A, free = _with_ones(X, intercept)
    return np.asarray(np.linalg.inv(A.T @ A + penalty * (free.T @ free)) @ (A.T @ y))


@route(
    "numpy.ridge_rows",
    NUMPY,
    source="Golub and Van Loan (2013), section 6.1.4; numpy.linalg.lstsq, reference manual",
    tags=("normwise-backward-stable",),
    works_in="float64",
    scalars=BOTH,
    call_form="ridge",
)
def numpy_ridge_rows(X: Array, y: Array, intercept: bool, penalty: float) -> Array:
    """x (n,) = lstsq of A over sqrt(penalty) I, with zeros below y; A (m, n) as in numpy.ridge_solve.

    Nothing is squared: as accurate as numpy.lstsq, in float64 whatever the format. rcond=0, as no direction is to be
    dropped.
    Source: Golub and Van Loan (2013), section 6.1.4; Björck (1996), section 2.7.2."""
    A, free = _with_ones(X, intercept)
    below = np.vstack([A, penalty**0.5 * free]), np.append(y, np.zeros(len(free), y.dtype))
    return np.asarray(np.linalg.lstsq(*below, rcond=0)[0])


@route(
    "numpy.ridge_svd",
    NUMPY,
    source="Golub and Van Loan (2013), section 6.1.4; numpy.linalg.svd, reference manual",
    tags=("normwise-backward-stable",),
    scalars=BOTH,
    call_form="ridge",
    centred="means",
)
def numpy_ridge_svd(X: Array, y: Array, intercept: bool, penalty: float) -> Array:
    """The slopes V s / (s² + penalty) U'y, X = U diag(s) V' (m, p), y (m,); centred where there is an intercept.

    The squares are of singular values that are found to u |X|, and cost no more.
    Source: Golub and Van Loan (2013), section 6.1.4; Hansen (1998), section 4.2."""

    def slopes(X: Array, y: Array) -> Array:
        U, s, Vt = np.linalg.svd(X, full_matrices=False)
        return np.asarray(Vt.T @ (s / (s * s + penalty) * (U.T @ y)))

    return _centred(X, y, intercept, slopes)


@route(
    "scipy.lsqr_damp",
    SCIPY,
    source="scipy.sparse.linalg.lsqr, reference manual; Paige and Saunders, ACM Trans. Math. Software 8 (1982) 43-71",
    call_form="ridge",
    centred="means",
)
def scipy_lsqr_damp(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """The slopes lsqr(X, y, damp=sqrt(penalty))[0], X (m, p), y (m,); centred where there is an intercept.

    The default tolerances of 1e-6; nothing warns where it stops short, and the note says why it stopped.
    Source: SciPy reference, scipy.sparse.linalg.lsqr; Paige and Saunders (1982), section 6."""
    from scipy.sparse.linalg import lsqr

    return _iterated(X, y, intercept, lambda X, y: lsqr(X, y, damp=penalty**0.5)[:3])


@route(
    "scipy.lsmr_damp",
    SCIPY,
    source="scipy.sparse.linalg.lsmr, reference manual; Fong and Saunders, SIAM J. Sci. Comput. 33 (2011) 2950-2971",
    call_form="ridge",
    centred="means",
)
def scipy_lsmr_damp(X: Array, y: Array, intercept: bool, penalty: float) -> Fit:
    """The slopes lsmr(X, y, damp=sqrt(penalty))[0], X (m, p), y (m,); centred where there is an intercept.

    The default tolerances of 1e-6; nothing warns where it stops short, and the note says why it stopped.
    Source: SciPy reference, scipy.sparse.linalg.lsmr; Fong and Saunders, SIAM J. Sci. Comput. 33 (2011), section 5."""
    from scipy.sparse.linalg import lsmr

    return _iterated(X, y, intercept, lambda X, y: lsmr(X, y, damp=penalty**0.5)[:3])


def _iterated(X: Array, y: Array, intercept: bool, solve: Callable[[Array, Array], Any]) -> Fit:
    """The coefficients, with the number of iterations and the reason for stopping, of a function that returns these."""
    said: list[Any] = []

    def slopes(X: Array, y: Array) -> Array:
        x, *others = solve(X, y)
        said.extend(others)
        return np.asarray(x)

    x = _centred(X, y, intercept, slopes)
    return Fit(x, iterations=int(said[1]), note=stopped(int(said[0])))
