"""scikit-learn's optimisers: SGDRegressor, and the two with which its multi-layer perceptrons are trained.

SGDRegressor computes its own gradients, of one row at a time, from a loss of half the square. Its `partial_fit` goes on
from the weights that it is given; no intercept is fitted. The optimisers of the perceptron take any gradient; the loss
of MLPRegressor has an intercept and a penalty that cannot both be left out, so that its own is not asked.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.libraries.optimisers import Task, fed_gradient, optimiser_route
from stabilitylab.libraries.sklearn_routes import SKLEARN

F = TypeVar("F", bound=Callable[[Task], Array])

PERCEPTRON = (
    "sklearn.neural_network.MLPRegressor, documentation, solver; sklearn/neural_network/_stochastic_optimizers.py"
)
REGRESSOR = "sklearn.linear_model.SGDRegressor, documentation"


def predicted(A: Array, x: Array) -> Array:
    """A x (m,) by SGDRegressor.predict, without an intercept."""
    from sklearn.linear_model import SGDRegressor

    model = SGDRegressor(fit_intercept=False)
    model.coef_, model.intercept_ = x, np.zeros(1)
    return np.asarray(model.predict(A))


def _regressor_route(name: str, **declared: Any) -> Callable[[F], F]:
    return optimiser_route(
        name, SKLEARN, source=REGRESSOR, fed=False, losses=("half mean",), predicts=predicted, **declared
    )


def _regressor(task: Task, **fixed: Any) -> Any:
    from sklearn.linear_model import SGDRegressor

    model = SGDRegressor(fit_intercept=False, **{**fixed, **task.options})
    model.coef_, model.intercept_, model.t_ = task.x0.astype(task.format), np.zeros(1), 1.0
    return model


@_regressor_route("sklearn.sgd_regressor", stochastic=True)
def sgd_regressor(task: Task) -> Array:
    """An epoch of rows in random order a step: SGDRegressor(eta0=lr), penalty 1e-4/2 |w|², rate lr/t**0.25, t rows."""
    model = _regressor(task, random_state=0)
    path = [task.x0]
    for rate in task.lr:
        model.set_params(eta0=float(rate))
        model.partial_fit(task.A.astype(task.format), task.b.astype(task.format))
        path.append(model.coef_.astype(np.float64))
    return np.array(path)


@_regressor_route("sklearn.sgd_regressor_plain", documented="descent.gradient")
def sgd_regressor_plain(task: Task) -> Array:
    """w <- w - lr (a'w - b) a, of the rows in turn, one a step: SGDRegressor without penalty, constant rate, in order.

    SGDRegressor(penalty=None, learning_rate="constant", eta0=lr, shuffle=False)."""
    model = _regressor(task, penalty=None, learning_rate="constant", shuffle=False)
    A, b, path = task.A.astype(task.format), task.b.astype(task.format), [task.x0]
    for k, rate in enumerate(task.lr):
        i = k % len(b)
        model.set_params(eta0=float(rate))
        model.partial_fit(A[i : i + 1], b[i : i + 1])
        path.append(model.coef_.astype(np.float64))
    return np.array(path)


def _perceptron(task: Task, kind: str, **fixed: Any) -> Array:
    """The weights (steps + 1, n) of an optimiser of the perceptron, fed with gradients."""
    from sklearn.neural_network import _stochastic_optimizers

    w = task.x0.astype(task.format)
    options = {**fixed, **task.options}
    optimiser = getattr(_stochastic_optimizers, kind)([w], learning_rate_init=float(task.lr[0]), **options)
    gradient, path = fed_gradient(task), [task.x0]
    for rate in task.lr:
        optimiser.learning_rate_init = optimiser.learning_rate = float(rate)
        optimiser.update_params([w], [gradient(path[-1]).astype(task.format)])
        path.append(w.astype(np.float64))
    return np.array(path)


@optimiser_route(
    "sklearn.mlp_momentum",
    SKLEARN,
    source=PERCEPTRON,
    documented="descent.heavy_ball",
    hyperparameters={"momentum": 0.9, "lr_inside": True},
    renamed={"momentum": "momentum"},
)
def mlp_momentum(task: Task) -> Array:
    """v <- 0.9 v - lr g, w <- w + v: MLPRegressor(solver="sgd", nesterovs_momentum=False), lr inside v."""
    return _perceptron(task, "SGDOptimizer", nesterov=False)


@optimiser_route(
    "sklearn.mlp_nesterov",
    SKLEARN,
    source=PERCEPTRON,
    documented="descent.nesterov",
    hyperparameters={"momentum": 0.9, "form": "shifted, lr inside"},
    renamed={"momentum": "momentum"},
)
def mlp_nesterov(task: Task) -> Array:
    """v <- 0.9 v - lr g, w <- w + 0.9 v - lr g: MLPRegressor(solver="sgd")."""
    return _perceptron(task, "SGDOptimizer")


@optimiser_route(
    "sklearn.mlp_adam",
    SKLEARN,
    source=PERCEPTRON,
    documented="descent.adam",
    hyperparameters={"beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "eps_added": "before correction"},
    renamed={"beta_1": "beta1", "beta_2": "beta2", "epsilon": "eps"},
)
def mlp_adam(task: Task) -> Array:
    """w <- w - lr sqrt(1 - 0.999**k)/(1 - 0.9**k) m/(sqrt(v) + 1e-8): MLPRegressor(solver="adam").

    eps is added before the bias correction. For float32 weights the step is computed in float64, since lr becomes a
    NumPy number of that format."""
    return _perceptron(task, "AdamOptimizer")
