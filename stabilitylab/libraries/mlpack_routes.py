"""mlpack's way to fit: LinearRegression, by the normal equations."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError
from stabilitylab.core.library import python_library
from stabilitylab.libraries import route

MLPACK = python_library("mlpack", title="mlpack", modules=("mlpack",), distribution="mlpack")
ALWAYS = "there is no option to leave the intercept out, so that what has none is refused"


@route(
    "mlpack.LinearRegression",
    MLPACK,
    source="mlpack documentation, linear_regression; mlpack/methods/linear_regression/linear_regression_impl.hpp",
    tags=("no-rank-test",),
    call_form="columns",
    takes=lambda design: bool(design.intercept),
    takes_says="models with an intercept",
    fails={
        "agrees_with_the_exact_solution": ALWAYS,
        "cuts_off_where_it_says": ALWAYS,
        "leaves_its_input_alone_and_repeats_its_bits": ALWAYS,
    },
    default=True,
)
def mlpack_linear_regression(X: Array, y: Array, intercept: bool) -> Array:
    """The parameters of linear_regression_train(training=X, training_responses=y), X (m, p), y (m,).

    The normal equations of X with a row of ones, solved by Armadillo. From Python there is always an intercept: for a
    model without one it raises InputError. The class LinearRegression, which calls the same, shows no coefficients.
    Source: mlpack documentation, linear_regression; mlpack/methods/linear_regression/linear_regression_impl.hpp."""
    from mlpack import linear_regression_train

    if not intercept:
        raise InputError("mlpack's linear_regression always has an intercept, from Python")
    model = linear_regression_train(training=X, training_responses=y)["output_model"]
    (parameters,) = model.get_cpp_params().values()
    return np.array(parameters["parameters"], dtype=np.float64).ravel()
