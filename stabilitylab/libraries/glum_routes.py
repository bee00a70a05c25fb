"""glum's way to least squares: a generalised linear model of the normal family, without penalty."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

GLUM = python_library("glum", title="glum", modules=("glum",), distribution="glum")


@route(
    "glum.GeneralizedLinearRegressor",
    GLUM,
    source="glum documentation, GeneralizedLinearRegressor; glum/_solvers.py, _least_squares_solver",
    tags=("no-rank-test",),
    scalars=("float32", "float64"),
    call_form="columns",
    default=True,
)
def glum_regressor(X: Array, y: Array, intercept: bool, weights: Array | None = None) -> Fit:
    """Coefficients of GeneralizedLinearRegressor(family="normal", alpha=0, fit_intercept=intercept).fit(X, y).

    X (m, p), y (m,). One step of iteratively reweighted least squares: the normal equations by scipy.linalg.solve,
    which warns where they are ill-conditioned. Error about u cond**2.
    Source: glum documentation, GeneralizedLinearRegressor, parameters alpha and solver; glum/_solvers.py."""
    from glum import GeneralizedLinearRegressor

    model = GeneralizedLinearRegressor(family="normal", alpha=0, fit_intercept=intercept)
    model.fit(np.asfortranarray(X), y, sample_weight=weights)
    x = np.append(model.intercept_, model.coef_) if intercept else np.asarray(model.coef_)
    return Fit(x.astype(X.dtype), iterations=int(model.n_iter_))
