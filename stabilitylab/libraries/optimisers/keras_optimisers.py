"""Keras 3's optimisers, on JAX on a CPU, each step under jax.jit.

The weights are one keras.Variable (n,) of the format, as of a layer with that dtype; the learning rate is a variable
of keras.config.floatx(), float32, whatever the format of the weights. The fed gradient is handed to stateless_apply, as
Keras's own training loop on JAX does; its own is that of keras.losses.MeanSquaredError of A @ w, which is float32 for
all formats but float64, for which that dtype is asked: the mean in it (keras.ops.mean) is taken in float32 even so.
64-bit types are enabled for float64 weights alone.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.libraries.optimisers import Task, fed_gradient, optimiser_route

KERAS = python_library("keras", title="Keras (on JAX)", modules=("keras", "jax"), distribution="keras")

F = TypeVar("F", bound=Callable[[Task], Array])

ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-7}
BEFORE = {**ADAM, "eps_added": "before correction"}
CORRECTION = {"float32": "1 - beta**k is formed in float32: in the first step 1/(1 - beta2) times its rounding error"}
ADAM_NAMES = {"beta_1": "beta1", "beta_2": "beta2", "epsilon": "eps", "weight_decay": "weight_decay"}
MOMENTUM = {"momentum": 0.9}


def predicted(A: Array, x: Array) -> Array:
    """A x (m,) by a layer keras.layers.Dense without a bias."""
    import jax
    import keras

    with jax.enable_x64(True):
        layer = keras.layers.Dense(1, use_bias=False, dtype="float64")
        layer.build((None, len(x)))
        layer.kernel.assign(x[:, None])
        return np.asarray(layer(A))[:, 0]


def _keras_route(name: str, *, documentation: str, **declared: Any) -> Callable[[F], F]:
    return optimiser_route(
        name,
        KERAS,
        source=f"keras.optimizers.{documentation}, documentation; keras/src/optimizers/{documentation.lower()}.py",
        formats=("float64", "float32", "bfloat16", "float16"),
        predicts=predicted,
        losses=("mean", "sum"),
        stores={"lr": "float32"},
        called_under="the backend JAX, jax.jit, and for float64 jax_enable_x64",
        environment={"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        **declared,
    )


def _keras(task: Task, kind: str, **fixed: Any) -> Array:
    """The weights (steps + 1, n) of keras.optimizers.KIND(lr, **fixed, and the options of the task)."""
    import jax
    import jax.numpy as jnp

    options = tuple(sorted({**fixed, **task.options}.items()))
    with jax.enable_x64(task.format == "float64"):
        step, state, held = _stepping(kind, options, task.format, len(task.x0))
        w, rates = jnp.asarray(task.x0, dtype=task.format), jnp.asarray(task.lr, dtype=held)
        if task.own_gradient:
            own = jax.grad(_loss(task))

            def stepped(before: Any, lr: Any) -> Any:
                after = step(own(before[0]), *before, lr)
                return after, after[0]

            scanned = jax.jit(lambda w, state, rates: jax.lax.scan(stepped, (w, state), rates)[1])
            return np.concatenate([task.x0[None], np.asarray(scanned(w, state, rates)).astype(np.float64)])
        gradient, path = fed_gradient(task), [task.x0]
        for rate in np.asarray(rates):  # to iterate over an array of JAX compiles
            w, state = step(jnp.asarray(gradient(path[-1]), dtype=task.format), w, state, rate)
            path.append(np.asarray(w).astype(np.float64))
    return np.array(path)


@lru_cache(maxsize=64)
def _stepping(
    kind: str, options: tuple[tuple[str, Any], ...], format: str, n: int
) -> tuple[Callable[..., Any], list[Any], Any]:
    """(gradient, weights, state, lr) -> the next weights and state; the first state; and the format of lr."""
    import jax
    import keras

    optimiser = getattr(keras.optimizers, kind)(1.0, **dict(options))
    optimiser.build([keras.Variable(np.zeros(n), dtype=format)])
    held = optimiser.variables
    place = next(j for j, variable in enumerate(held) if variable is optimiser._learning_rate)

    def step(gradient: Any, w: Any, state: list[Any], lr: Any) -> Any:
        (w,), state = optimiser.stateless_apply([*state[:place], lr, *state[place + 1 :]], [gradient], [w])
        return w, state

    return jax.jit(step), [variable.value for variable in held], held[place].dtype


def _loss(task: Task) -> Callable[[Any], Any]:
    import jax.numpy as jnp
    import keras

    reduction = "sum" if task.loss == "sum" else "sum_over_batch_size"
    dtype = "float64" if task.format == "float64" else None
    loss = keras.losses.MeanSquaredError(reduction=reduction, dtype=dtype)
    A, b = jnp.asarray(task.A, dtype=task.format), jnp.asarray(task.b, dtype=task.format)[:, None]
    return lambda w: loss(b, keras.ops.matmul(A, w[:, None]))


@_keras_route("keras.sgd", documentation="SGD", documented="descent.gradient")
def sgd(task: Task) -> Array:
    """w <- w - lr g: keras.optimizers.SGD(lr)."""
    return _keras(task, "SGD")


@_keras_route(
    "keras.sgd_momentum",
    documentation="SGD",
    documented="descent.heavy_ball",
    hyperparameters={**MOMENTUM, "lr_inside": True},
    renamed={"momentum": "momentum"},
)
def sgd_momentum(task: Task) -> Array:
    """v <- 0.9 v - lr g, w <- w + v: keras.optimizers.SGD(lr, momentum=0.9), lr inside of the velocity."""
    return _keras(task, "SGD", momentum=0.9)


@_keras_route(
    "keras.sgd_nesterov",
    documentation="SGD",
    documented="descent.nesterov",
    hyperparameters={**MOMENTUM, "form": "shifted, lr inside"},
    renamed={"momentum": "momentum"},
)
def sgd_nesterov(task: Task) -> Array:
    """v <- 0.9 v - lr g, w <- w + 0.9 v - lr g: keras.optimizers.SGD(lr, momentum=0.9, nesterov=True)."""
    return _keras(task, "SGD", momentum=0.9, nesterov=True)


@_keras_route(
    "keras.adam",
    documentation="Adam",
    documented="descent.adam",
    hyperparameters=BEFORE,
    renamed=ADAM_NAMES,
    departs=CORRECTION,
)
def adam(task: Task) -> Array:
    """w <- w - lr sqrt(1 - 0.999**k)/(1 - 0.9**k) m/(sqrt(v) + eps): keras.optimizers.Adam(lr), eps 1e-7.

    eps is added before the bias correction: Adam's with eps smaller by sqrt(1 - 0.999**k), 1/32 in the first step."""
    return _keras(task, "Adam")


@_keras_route("keras.amsgrad", documentation="Adam")
def amsgrad(task: Task) -> Array:
    """As Adam, over the largest v so far, before the bias correction: keras.optimizers.Adam(lr, amsgrad=True)."""
    return _keras(task, "Adam", amsgrad=True)


@_keras_route(
    "keras.adam_decayed",
    documentation="Adam",
    documented="descent.adamw",
    hyperparameters={**BEFORE, "weight_decay": 0.01},
    renamed=ADAM_NAMES,
    departs=CORRECTION,
)
def adam_decayed(task: Task) -> Array:
    """As AdamW with the decay 0.01, not a penalty: keras.optimizers.Adam(lr, weight_decay=0.01)."""
    return _keras(task, "Adam", weight_decay=0.01)


@_keras_route(
    "keras.adamw",
    documentation="AdamW",
    documented="descent.adamw",
    hyperparameters={**BEFORE, "weight_decay": 0.004},
    renamed=ADAM_NAMES,
    departs=CORRECTION,
)
def adamw(task: Task) -> Array:
    """w <- w - lr 0.004 w, then as Adam: keras.optimizers.AdamW(lr)."""
    return _keras(task, "AdamW")


@_keras_route(
    "keras.nadam",
    documentation="Nadam",
    documented="descent.nadam",
    hyperparameters={**ADAM, "momentum_decay": 1.0},
    renamed=ADAM_NAMES,
)
def nadam(task: Task) -> Array:
    """Adam with Nesterov's look-ahead and the momentum 0.9 (1 - 0.96**k/2) in step k: keras.optimizers.Nadam(lr)."""
    return _keras(task, "Nadam")


@_keras_route(
    "keras.rmsprop",
    documentation="RMSprop",
    documented="descent.rmsprop",
    hyperparameters={"decay": 0.9, "eps": 1e-7, "eps_inside": True},
    renamed={"rho": "decay", "epsilon": "eps"},
)
def rmsprop(task: Task) -> Array:
    """v <- 0.9 v + 0.1 g², w <- w - lr g/sqrt(v + 1e-7): keras.optimizers.RMSprop(lr), eps inside of the root."""
    return _keras(task, "RMSprop")


@_keras_route("keras.rmsprop_centered", documentation="RMSprop")
def rmsprop_centered(task: Task) -> Array:
    """As RMSprop, v less the square of the running mean of g: keras.optimizers.RMSprop(lr, centered=True)."""
    return _keras(task, "RMSprop", centered=True)


@_keras_route(
    "keras.adagrad",
    documentation="Adagrad",
    documented="descent.adagrad",
    hyperparameters={"eps": 1e-7, "eps_inside": True, "initial": 0.1},
    renamed={"epsilon": "eps", "initial_accumulator_value": "initial"},
)
def adagrad(task: Task) -> Array:
    """s <- s + g², from 0.1; w <- w - lr g/sqrt(s + 1e-7): keras.optimizers.Adagrad(lr), eps inside of the root."""
    return _keras(task, "Adagrad")


@_keras_route(
    "keras.adadelta",
    documentation="Adadelta",
    documented="descent.adadelta",
    hyperparameters={"decay": 0.95, "eps": 1e-7},
    renamed={"rho": "decay", "epsilon": "eps"},
)
def adadelta(task: Task) -> Array:
    """w <- w - lr g sqrt(d + eps)/sqrt(v + eps), d, v running means (0.95) of step², g²: keras.optimizers.Adadelta(lr).

    eps is 1e-7, the mean 0.95 of what was, where torch and Optax have 1e-6 and 0.9."""
    return _keras(task, "Adadelta")


@_keras_route("keras.adamax", documentation="Adamax")
def adamax(task: Task) -> Array:
    """Adam with a decaying maximum of |g| for the root of v: keras.optimizers.Adamax(lr)."""
    return _keras(task, "Adamax")


@_keras_route(
    "keras.lion",
    documentation="Lion",
    documented="descent.lion",
    hyperparameters={"beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0},
    renamed={"beta_1": "beta1", "beta_2": "beta2", "weight_decay": "weight_decay"},
)
def lion(task: Task) -> Array:
    """w <- w - lr sign(0.9 m + 0.1 g), m <- 0.99 m + 0.01 g: keras.optimizers.Lion(lr)."""
    return _keras(task, "Lion")
