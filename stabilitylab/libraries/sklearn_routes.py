"""scikit-learn's ways to ordinary least squares: LinearRegression, pipelines, gradient descent, Ridge unpenalised.

With an intercept X and y are centred at their means first: the rank is that of the centred X, plus one for the
constant, and of dependent columns the shortest vector of slopes is taken, in which the intercept does not count. R² is
what `score` says; without an intercept it is not asked, as `score` measures from the mean all the same.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

SKLEARN = python_library("sklearn", title="scikit-learn", modules=("sklearn",), distribution="scikit-learn")

F = TypeVar("F", bound=Callable[..., Any])

BOTH = ("float32", "float64")
REFERENCE = "scikit-learn API reference, "
STOPS_EARLY = "stopped by its tolerance or its number of steps, long before a small direction is resolved"
FEW_DIGITS = "the default tolerance leaves a few digits"
GRADIENT = {
    "agrees_with_the_exact_solution": FEW_DIGITS,
    "cuts_off_where_it_says": STOPS_EARLY,
    "solves_the_matrix_it_says": FEW_DIGITS,
}


def centred(name: str, *, source: str, tags: tuple[str, ...], **claims: Any) -> Callable[[F], F]:
    """The label of an estimator that takes X in either format and centres it."""
    labels = {"scalars": BOTH, "call_form": "columns", "centred": "means"}
    return route(name, SKLEARN, source=REFERENCE + source, tags=tags, **labels, **claims)


def coefficients(model: Any, intercept: bool) -> Array:
    """The intercept first, if there is one, then the slopes of a fitted model."""
    return np.append(model.intercept_, model.coef_) if intercept else np.asarray(model.coef_)


def r_squared_of(model: Any, X: Any, y: Array, intercept: bool, weights: Array | None = None) -> float | None:
    """What model.score(X, y, sample_weight=weights) says; None for predictions beyond float64, on which it raises."""
    from sklearn.metrics import r2_score

    with np.errstate(all="ignore"):
        predicted = model.predict(X)
        return (
            float(r2_score(y, predicted, sample_weight=weights)) if intercept and np.isfinite(predicted).all() else None
        )


def _least_squares(model: Any, X: Array, y: Array, intercept: bool, weights: Array | None) -> Fit:
    rank, r_squared = int(model.rank_) + intercept, r_squared_of(model, X, y, intercept, weights)
    return Fit(coefficients(model, intercept), rank=rank, r_squared=r_squared)


@centred(
    "sklearn.LinearRegression",
    source="LinearRegression, and sklearn/linear_model/_base.py",
    tags=("residual-optimal", "normwise-backward-stable"),
    cutoff=lambda m, n, eps: 1e-6,
    cutoff_says="singular values of the centred X up to tol = 1e-6 times the largest are dropped, in every format",
    default=True,
)
def sklearn_linear_regression(X: Array, y: Array, intercept: bool, weights: Array | None = None) -> Fit:
    """Coefficients of LinearRegression(fit_intercept=intercept).fit(X, y), X (m, p), y (m,).

    scipy.linalg.lstsq on the centred X with cond = tol: since version 1.9 its default of 1e-6 counts for dense X, and a
    direction below it is dropped without a warning: only `rank_` shows it. Centred once: where the mean itself is off,
    as for nanosecond stamps, what is solved is not centred. Raises ValueError for X without columns.
    Source: scikit-learn API reference, LinearRegression, parameter tol."""
    from sklearn.linear_model import LinearRegression

    model = LinearRegression(fit_intercept=intercept).fit(X, y, sample_weight=weights)
    return _least_squares(model, X, y, intercept, weights)


@centred(
    "sklearn.LinearRegression_tol0",
    source="LinearRegression, parameter tol; LAPACK dlalsd.f, argument RCOND",
    tags=("residual-optimal", "normwise-backward-stable"),
    cutoff=lambda m, n, eps: eps / 2,
    cutoff_says="LAPACK reads tol 0 as the unit roundoff of the format of X: below it directions are still dropped",
)
def sklearn_linear_regression_tol0(X: Array, y: Array, intercept: bool, weights: Array | None = None) -> Fit:
    """Coefficients of LinearRegression(fit_intercept=intercept, tol=0).fit(X, y), X (m, p), y (m,).

    The cut-off switched off as far as LAPACK lets it be; otherwise as sklearn.LinearRegression. An exactly dependent
    column is often kept, and the slopes are then large and arbitrary along it.
    Source: scikit-learn API reference, LinearRegression, parameter tol; LAPACK, dlalsd.f, description of RCOND."""
    from sklearn.linear_model import LinearRegression

    model = LinearRegression(fit_intercept=intercept, tol=0).fit(X, y, sample_weight=weights)
    return _least_squares(model, X, y, intercept, weights)


@centred(
    "sklearn.LinearRegression_sparse",
    source="LinearRegression; Paige and Saunders, ACM Trans. Math. Software 8 (1982) 43-71",
    tags=("no-rank-test",),
    fails={"cuts_off_where_it_says": STOPS_EARLY, "solves_the_matrix_it_says": FEW_DIGITS},
    iterative=True,
)
def sklearn_linear_regression_sparse(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of LinearRegression(fit_intercept=intercept).fit(csr_array(X), y), X (m, p), y (m,).

    For sparse X another algorithm: scipy.sparse.linalg.lsqr with atol = btol = tol = 1e-6, on an operator that
    subtracts the means product by product. The tolerance asks for about six digits of the residual, and neither steps
    nor the reason for stopping are reported.
    Source: scikit-learn API reference, LinearRegression, parameter tol; sklearn/linear_model/_base.py."""
    from scipy.sparse import csr_array
    from sklearn.linear_model import LinearRegression

    sparse = csr_array(X)
    model = LinearRegression(fit_intercept=intercept).fit(sparse, y)
    return Fit(coefficients(model, intercept), r_squared=r_squared_of(model, sparse, y, intercept))


@route(
    "sklearn.StandardScaler_LinearRegression",
    SKLEARN,
    source=REFERENCE + "StandardScaler, LinearRegression and make_pipeline",
    tags=("residual-optimal", "normwise-backward-stable", "columnwise-backward-stable"),
    cutoff=lambda m, n, eps: 1e-6,
    cutoff_says="singular values of the standardised X up to tol = 1e-6 times the largest are dropped",
    call_form="columns",
    centred="means",
    scaled="unit variance",
)
def sklearn_standard_scaler(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of make_pipeline(StandardScaler(), LinearRegression()).fit(X, y), unscaled by scale_ and mean_.

    X (m, p), y (m,); without an intercept with_mean=False and fit_intercept=False. Units cost nothing, and X is centred
    twice, which corrects an inaccurate mean. The unscaled coefficients of float32 data are float64, since scale_ is.
    Source: scikit-learn API reference, StandardScaler."""
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(with_mean=intercept), LinearRegression(fit_intercept=intercept)).fit(X, y)
    scaler, regression = model[0], model[1]
    slopes = regression.coef_ / scaler.scale_
    x = np.append(regression.intercept_ - slopes @ scaler.mean_, slopes) if intercept else slopes
    return Fit(x, rank=int(regression.rank_) + intercept, r_squared=r_squared_of(model, X, y, intercept))


@route(
    "sklearn.PolynomialFeatures_LinearRegression",
    SKLEARN,
    source=REFERENCE + "PolynomialFeatures, LinearRegression and make_pipeline",
    tags=("residual-optimal", "normwise-backward-stable"),
    scalars=BOTH,
    cutoff=lambda m, n, eps: 1e-6,
    cutoff_says="singular values of the centred powers up to tol = 1e-6 times the largest are dropped, in every format",
    call_form="polynomial",
    centred="means",
)
def sklearn_polynomial_features(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = make_pipeline(PolynomialFeatures(degree), LinearRegression()).

    x and y (m,). The column of ones that PolynomialFeatures adds is centred to zeros and gets the coefficient 0; the
    constant is intercept_. Powers differ in size, so that the cut-off of 1e-6 takes the low ones early.
    Source: scikit-learn API reference, PolynomialFeatures; user guide, section on polynomial regression."""
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    X = x[:, None]
    model = make_pipeline(PolynomialFeatures(degree), LinearRegression()).fit(X, y)
    regression = model[1]
    coefficients = np.append(regression.intercept_, regression.coef_[1:])
    return Fit(coefficients, rank=int(regression.rank_) + 1, r_squared=r_squared_of(model, X, y, True))


@route(
    "sklearn.SGDRegressor",
    SKLEARN,
    source=REFERENCE + "SGDRegressor",
    tags=("no-rank-test",),
    fails={
        "agrees_with_the_exact_solution": "a penalty of 1e-4 and a tolerance of 1e-3 leave a digit or two",
        "cuts_off_where_it_says": STOPS_EARLY,
    },
    call_form="columns",
    iterative=True,
)
def sklearn_sgd(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of SGDRegressor(random_state=0).fit(X, y), X (m, p), y (m,), all else as it comes.

    The default loss is the squared error with an l2 penalty of alpha = 1e-4, so that this is least squares only nearly;
    one row at a time with a step that decays from 0.01, at which columns much larger than 1 make it diverge: it then
    stops with huge coefficients, often without a warning.
    Source: scikit-learn API reference, SGDRegressor; user guide, section on stochastic gradient descent."""
    from sklearn.linear_model import SGDRegressor

    model = SGDRegressor(fit_intercept=intercept, random_state=0).fit(X, y)
    r_squared = r_squared_of(model, X, y, intercept)
    return Fit(coefficients(model, intercept), iterations=int(model.n_iter_), r_squared=r_squared)


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
    iterative=True,
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
    iterative=True,
)
def sklearn_ridge0_sparse_cg(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of Ridge(alpha=0, solver="sparse_cg", fit_intercept=intercept).fit(X, y), X (m, p), y (m,).

    Conjugate gradients on the normal equations of the centred X, by products, until the residual of these is 1e-4 of
    X'y; an early stop is not reported, unless verbose.
    Source: scikit-learn API reference, Ridge, parameter solver; sklearn/linear_model/_ridge.py, _solve_sparse_cg."""
    return _ridge(X, y, intercept, "sparse_cg")


@centred(
    "sklearn.Ridge0_sag",
    source="Ridge; Schmidt, Le Roux and Bach, Math. Program. 162 (2017) 83-112",
    tags=("no-rank-test",),
    fails=GRADIENT,
    iterative=True,
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
    iterative=True,
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


@centred(
    "sklearn.BayesianRidge",
    source="BayesianRidge; MacKay, Neural Computation 4 (1992) 415-447",
    tags=("no-rank-test",),
    fails={
        "agrees_with_the_exact_solution": "the penalty, estimated from the data, is small and never 0",
        "cuts_off_where_it_says": "directions that matter less than the penalty shrink to 0",
        "solves_the_matrix_it_says": "the penalty leaves three digits",
    },
)
def sklearn_bayesian_ridge(X: Array, y: Array, intercept: bool, weights: Array | None = None) -> Fit:
    """Coefficients of BayesianRidge(fit_intercept=intercept).fit(X, y), X (m, p), y (m,), X centred.

    No least squares, though taken for it: the mean of the coefficients under a normal prior whose precision, lambda,
    is estimated along with that of the noise, alpha; a ridge with the penalty lambda/alpha, by an SVD. Where the noise
    is small beside the coefficients the penalty is a small number, in units of X**2.
    Source: scikit-learn API reference, BayesianRidge; MacKay, Neural Computation 4 (1992) 415-447."""
    from sklearn.linear_model import BayesianRidge

    model = BayesianRidge(fit_intercept=intercept).fit(X, y, sample_weight=weights)
    r_squared = r_squared_of(model, X, y, intercept, weights)
    return Fit(coefficients(model, intercept), iterations=int(model.n_iter_), r_squared=r_squared)
