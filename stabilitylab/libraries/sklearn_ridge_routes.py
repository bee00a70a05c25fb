"""scikit-learn's Ridge with no penalty, or next to none, by each of its solvers: least squares after all."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.types import Fit
from stabilitylab.libraries.sklearn_routes import GRADIENT, STOPS_EARLY, centred, coefficients, r_squared_of


def _ridge(X: Array, y: Array, intercept: bool, solver: str, alpha: float = 0.0, weights: Array | None = None) -> Fit:
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=alpha, fit_intercept=intercept, solver=solver, random_state=0)
    model.fit(X, y, sample_weight=weights)
    steps = None if model.n_iter_ is None else int(np.max(model.n_iter_))
    taken = getattr(model, "solver_", solver)  # told since version 1.5
    note = "" if taken == solver else f"solved by {taken}"
    r_squared = r_squared_of(model, X, y, intercept, weights)
    return Fit(coefficients(model, intercept), iterations=steps, r_squared=r_squared, note=note)


@centred(
    "sklearn.Ridge0_svd",
    source="Ridge, and sklearn/linear_model/_ridge.py, _solve_svd",
    tags=("residual-optimal", "normwise-backward-stable"),
    fails={"cuts_off_where_it_says": "the cut-off is absolute: singular values up to 1e-15 are dropped, of any X"},
)
def sklearn_ridge0_svd(X: Array, y: Array, intercept: bool, weights: Array | None = None) -> Fit:
    """Coefficients of Ridge(alpha=0, solver="svd", fit_intercept=intercept).fit(X, y), X (m, p), y (m,).

    An SVD of the centred X, and singular values above 1e-15 inverted, whatever the units of X: no relative cut-off, so
    that what round-off leaves of a dependent column is mostly kept, and data of size 1e-16 give zeros.
    Source: scikit-learn API reference, Ridge, parameters alpha and solver; sklearn/linear_model/_ridge.py."""
    return _ridge(X, y, intercept, "svd", weights=weights)


@centred(
    "sklearn.Ridge0_cholesky",
    source="Ridge, and sklearn/linear_model/_ridge.py, _solve_cholesky",
    tags=("residual-optimal",),
)
def sklearn_ridge0_cholesky(X: Array, y: Array, intercept: bool, weights: Array | None = None) -> Fit:
    """Coefficients of Ridge(alpha=0, solver="cholesky", fit_intercept=intercept).fit(X, y), X (m, p), y (m,).

    The normal equations of the centred X by scipy.linalg.solve, which is what "auto" takes for dense X; warns where
    they are ill-conditioned. Where X'X is not positive definite the SVD of solver="svd" is taken instead, and the note
    says so.
    Source: scikit-learn API reference, Ridge, parameters alpha and solver; sklearn/linear_model/_ridge.py."""
    return _ridge(X, y, intercept, "cholesky", weights=weights)


@centred(
    "sklearn.Ridge0_lsqr",
    source="Ridge; Paige and Saunders, ACM Trans. Math. Software 8 (1982) 43-71",
    tags=("residual-optimal",),
    fails={"cuts_off_where_it_says": STOPS_EARLY},
)
def sklearn_ridge0_lsqr(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of Ridge(alpha=0, solver="lsqr", fit_intercept=intercept).fit(X, y), X (m, p), y (m,).

    scipy.sparse.linalg.lsqr on the centred X with atol = btol = tol = 1e-4 and at most 2p steps; the Fit holds the
    number taken. No warning where it stops short.
    Source: scikit-learn API reference, Ridge, parameters tol and max_iter; sklearn/linear_model/_ridge.py."""
    return _ridge(X, y, intercept, "lsqr")


@centred(
    "sklearn.Ridge0_sparse_cg",
    source="Ridge; Hestenes and Stiefel, J. Res. NBS 49 (1952) 409-436",
    tags=("residual-optimal",),
    fails={"cuts_off_where_it_says": STOPS_EARLY},
)
def sklearn_ridge0_sparse_cg(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of Ridge(alpha=0, solver="sparse_cg", fit_intercept=intercept).fit(X, y), X (m, p), y (m,).

    Conjugate gradients on the normal equations of the centred X, by products, until the residual of these is 1e-4 of
    X'y; what stops short is not told, unless verbose.
    Source: scikit-learn API reference, Ridge, parameter solver; sklearn/linear_model/_ridge.py, _solve_sparse_cg."""
    return _ridge(X, y, intercept, "sparse_cg")


@centred(
    "sklearn.Ridge0_sag",
    source="Ridge; Schmidt, Le Roux and Bach, Math. Program. 162 (2017) 83-112",
    tags=("no-rank-test",),
    fails=GRADIENT,
)
def sklearn_ridge0_sag(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of Ridge(alpha=0, solver="sag", random_state=0).fit(X, y), X (m, p), y (m,), X centred.

    Stochastic average gradient: rows in random order, up to 1000 passes, stopped when a pass changes the slopes by less
    than 1e-4 of the largest, which a small step does too: unscaled columns leave no digit, often without a warning.
    Source: scikit-learn API reference, Ridge; Schmidt, Le Roux and Bach, Math. Program. 162 (2017) 83-112."""
    return _ridge(X, y, intercept, "sag")


@centred(
    "sklearn.Ridge0_saga",
    source="Ridge; Defazio, Bach and Lacoste-Julien, NIPS 27 (2014) 1646-1654",
    tags=("no-rank-test",),
    fails=GRADIENT,
)
def sklearn_ridge0_saga(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of Ridge(alpha=0, solver="saga", random_state=0).fit(X, y), X (m, p), y (m,), X centred.

    The unbiased variant of sag, with its tolerance and its number of passes.
    Source: scikit-learn API reference, Ridge; Defazio, Bach and Lacoste-Julien, NIPS 27 (2014) 1646-1654."""
    return _ridge(X, y, intercept, "saga")


@centred(
    "sklearn.Ridge_alpha1e-10",
    source="Ridge; Hoerl and Kennard, Technometrics 12 (1970) 55-67",
    tags=("no-rank-test",),
    fails={
        "agrees_with_the_exact_solution": "the penalty moves the solution by more than round-off in float64",
        "cuts_off_where_it_says": "directions whose singular value is far below 1e-5, the root of alpha, shrink to 0",
    },
)
def sklearn_ridge_small_alpha(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of Ridge(alpha=1e-10, fit_intercept=intercept).fit(X, y), X (m, p), y (m,): a dash of penalty.

    Taken to mean least squares made safe. The default solver, Cholesky for dense X, on X'X + 1e-10: still the normal
    equations, and a penalty without units, nothing to large columns and much to small ones.
    Source: scikit-learn API reference, Ridge; Hoerl and Kennard, Technometrics 12 (1970) 55-67."""
    return _ridge(X, y, intercept, "auto", alpha=1e-10)
