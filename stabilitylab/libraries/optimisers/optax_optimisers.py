"""Optax's optimisers, on JAX on a CPU, each step under jax.jit.

The fed gradient is an argument of a step; its own is that of the mean or sum of optax.squared_error or optax.l2_loss,
differentiated by JAX, and all steps are one lax.scan. lr is an argument too, so that a schedule compiles once; it is
rounded to the format of the weights, as a Python float is. 64-bit types are enabled for float64 weights alone.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.objective import Loss
from stabilitylab.libraries.optimisers import Task, fed_gradient, optimiser_route

OPTAX = python_library("optax", title="Optax", modules=("optax", "jax"), distribution="optax")

F = TypeVar("F", bound=Callable[[Task], Array])

ALL = ("float64", "float32", "bfloat16", "float16")
ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
CORRECTION = {"float32": "1 - beta**k is formed in float32: in the first step 1/(1 - beta2) times its rounding error"}
ADAM_NAMES = {"b1": "beta1", "b2": "beta2", "eps": "eps", "weight_decay": "weight_decay"}
MOMENTUM = {"momentum": 0.9}


def predicted(A: Array, x: Array) -> Array:
    """A x (m,) by jax.numpy, under jax.jit."""
    import jax
    import jax.numpy as jnp

    with jax.enable_x64(True):
        return np.asarray(jax.jit(jnp.matmul)(A, x))


def _optax_route(name: str, *, documentation: str, formats: tuple[str, ...] = ALL, **declared: Any) -> Callable[[F], F]:
    return optimiser_route(
        name,
        OPTAX,
        source=f"optax.{documentation}, documentation; optax/_src/alias.py",
        formats=formats,
        predicts=predicted,
        losses=("mean", "half mean", "sum", "half sum"),
        called_under="jax.jit, and for float64 jax_enable_x64",
        environment={"JAX_PLATFORMS": "cpu"},
        **declared,
    )


def _optax(task: Task, kind: str, **fixed: Any) -> Array:
    """The weights (steps + 1, n) of optax.KIND(lr, **fixed, and the options of the task)."""
    import jax
    import jax.numpy as jnp

    options = tuple(sorted({**fixed, **task.options}.items()))
    with jax.enable_x64(task.format == "float64"):
        A, b, w, rates = (jnp.asarray(v, dtype=task.format) for v in (task.A, task.b, task.x0, task.lr))
        if task.own_gradient:
            path = _scanned(kind, options, task.loss)(A, b, w, rates)
            return np.concatenate([task.x0[None], np.asarray(path).astype(np.float64)])
        step, gradient = _stepping(kind, options), fed_gradient(task)
        state, iterates = _made(kind, options, rates[0]).init(w), [task.x0]
        for rate in np.asarray(rates):  # to iterate over an array of JAX compiles
            w, state = step(jnp.asarray(gradient(iterates[-1]), dtype=task.format), state, w, rate)
            iterates.append(np.asarray(w).astype(np.float64))
    return np.array(iterates)


def _made(kind: str, options: tuple[tuple[str, Any], ...], lr: Any) -> Any:
    import optax

    return getattr(optax, kind)(lr, **dict(options))


@lru_cache(maxsize=64)
def _stepping(kind: str, options: tuple[tuple[str, Any], ...]) -> Callable[..., Any]:
    """(gradient, state, weights, lr) -> the next weights and state."""
    import jax
    import optax

    def step(gradient: Any, state: Any, w: Any, lr: Any) -> Any:
        updates, state = _made(kind, options, lr).update(gradient, state, w)
        return optax.apply_updates(w, updates), state

    compiled: Callable[..., Any] = jax.jit(step)
    return compiled


@lru_cache(maxsize=64)
def _scanned(kind: str, options: tuple[tuple[str, Any], ...], loss: Loss) -> Callable[..., Any]:
    """(A, b, weights, lr of each step) -> the weights after each step, its gradients made by jax.grad."""
    import jax
    import jax.numpy as jnp
    import optax

    value = optax.l2_loss if loss.startswith("half") else optax.squared_error
    reduced = jnp.mean if loss.endswith("mean") else jnp.sum

    def all_steps(A: Any, b: Any, w: Any, rates: Any) -> Any:
        def step(carried: Any, lr: Any) -> Any:
            w, state = carried
            gradient = jax.grad(lambda w: reduced(value(A @ w, b)))(w)
            updates, state = _made(kind, options, lr).update(gradient, state, w)
            w = optax.apply_updates(w, updates)
            return (w, state), w

        return jax.lax.scan(step, (w, _made(kind, options, rates[0]).init(w)), rates)[1]

    compiled: Callable[..., Any] = jax.jit(all_steps)
    return compiled


@_optax_route("optax.sgd", documentation="sgd", documented="descent.gradient")
def sgd(task: Task) -> Array:
    """w <- w - lr g: optax.sgd(lr)."""
    return _optax(task, "sgd")


@_optax_route(
    "optax.sgd_momentum",
    documentation="sgd",
    documented="descent.heavy_ball",
    hyperparameters=MOMENTUM,
    renamed={"momentum": "momentum"},
)
def sgd_momentum(task: Task) -> Array:
    """v <- 0.9 v + g, w <- w - lr v: optax.sgd(lr, momentum=0.9), lr outside of the velocity."""
    return _optax(task, "sgd", momentum=0.9)


@_optax_route(
    "optax.sgd_nesterov",
    documentation="sgd",
    documented="descent.nesterov",
    hyperparameters={**MOMENTUM, "form": "shifted"},
    renamed={"momentum": "momentum"},
)
def sgd_nesterov(task: Task) -> Array:
    """v <- 0.9 v + g, w <- w - lr (g + 0.9 v): optax.sgd(lr, momentum=0.9, nesterov=True)."""
    return _optax(task, "sgd", momentum=0.9, nesterov=True)


@_optax_route(
    "optax.adam",
    documentation="adam",
    documented="descent.adam",
    hyperparameters=ADAM,
    renamed=ADAM_NAMES,
    departs=CORRECTION,
)
def adam(task: Task) -> Array:
    """w <- w - lr m̂/(sqrt(v̂) + eps): optax.adam(lr); eps 1e-8 after the bias correction."""
    return _optax(task, "adam")


@_optax_route(
    "optax.amsgrad",
    documentation="amsgrad",
    documented="descent.amsgrad",
    hyperparameters={**ADAM, "maximum_of": "corrected v"},
    renamed=ADAM_NAMES,
    departs=CORRECTION,
)
def amsgrad(task: Task) -> Array:
    """As Adam, over the largest bias-corrected v̂ so far: optax.amsgrad(lr)."""
    return _optax(task, "amsgrad")


@_optax_route(
    "optax.adamw",
    documentation="adamw",
    documented="descent.adamw",
    hyperparameters={**ADAM, "weight_decay": 1e-4, "decay": "in the step"},
    renamed=ADAM_NAMES,
    departs=CORRECTION,
)
def adamw(task: Task) -> Array:
    """w <- w - lr (m̂/(sqrt(v̂) + eps) + 1e-4 w): optax.adamw(lr)."""
    return _optax(task, "adamw")


@_optax_route(
    "optax.nadam",
    documentation="nadam",
    documented="descent.nadam",
    hyperparameters={**ADAM, "momentum": "constant"},
    renamed=ADAM_NAMES,
    departs=CORRECTION,
)
def nadam(task: Task) -> Array:
    """Adam with Nesterov's look-ahead and a constant momentum: optax.nadam(lr)."""
    return _optax(task, "nadam")


@_optax_route("optax.radam", documentation="radam")
def radam(task: Task) -> Array:
    """Adam, the root of v left out while too few steps have been averaged: optax.radam(lr)."""
    return _optax(task, "radam")


@_optax_route(
    "optax.rmsprop",
    documentation="rmsprop",
    documented="descent.rmsprop",
    hyperparameters={"decay": 0.9, "eps": 1e-8, "eps_inside": True},
    renamed={"decay": "decay", "eps": "eps"},
)
def rmsprop(task: Task) -> Array:
    """v <- 0.9 v + 0.1 g², w <- w - lr g/sqrt(v + 1e-8): optax.rmsprop(lr), eps inside of the root."""
    return _optax(task, "rmsprop")


@_optax_route("optax.rmsprop_centered", documentation="rmsprop")
def rmsprop_centered(task: Task) -> Array:
    """As RMSprop, v less the square of the running mean of g: optax.rmsprop(lr, centered=True)."""
    return _optax(task, "rmsprop", centered=True)


@_optax_route(
    "optax.adagrad",
    documentation="adagrad",
    documented="descent.adagrad",
    hyperparameters={"eps": 1e-7, "eps_inside": True, "initial": 0.1},
    renamed={"eps": "eps", "initial_accumulator_value": "initial"},
)
def adagrad(task: Task) -> Array:
    """s <- s + g², from 0.1; w <- w - lr g/sqrt(s + 1e-7): optax.adagrad(lr), eps inside of the root."""
    return _optax(task, "adagrad")


@_optax_route(
    "optax.adadelta",
    documentation="adadelta",
    documented="descent.adadelta",
    hyperparameters={"decay": 0.9, "eps": 1e-6},
    renamed={"rho": "decay", "eps": "eps"},
)
def adadelta(task: Task) -> Array:
    """w <- w - lr g sqrt(d + eps)/sqrt(v + eps), d and v running means of step² and g²: optax.adadelta(lr)."""
    return _optax(task, "adadelta")


@_optax_route("optax.adamax", documentation="adamax")
def adamax(task: Task) -> Array:
    """Adam with a decaying maximum of |g| for the root of v: optax.adamax(lr)."""
    return _optax(task, "adamax")


@_optax_route("optax.rprop", documentation="rprop")
def rprop(task: Task) -> Array:
    """Steps whose length depends on how often the sign of g changed alone, the first is lr: optax.rprop(lr)."""
    return _optax(task, "rprop")


@_optax_route(
    "optax.lion",
    documentation="lion",
    documented="descent.lion",
    hyperparameters={"beta1": 0.9, "beta2": 0.99, "weight_decay": 1e-3},
    renamed={"b1": "beta1", "b2": "beta2", "weight_decay": "weight_decay"},
)
def lion(task: Task) -> Array:
    """w <- w - lr (sign(0.9 m + 0.1 g) + 1e-3 w), m <- 0.99 m + 0.01 g: optax.lion(lr)."""
    return _optax(task, "lion")


@_optax_route("optax.lbfgs", documentation="lbfgs", formats=("float64", "float32"))
def lbfgs(task: Task) -> Array:
    """One step of the rate in a quasi-Newton direction from the last 10 gradients: optax.lbfgs(lr, linesearch=None).

    The first step is along the gradient, no longer than 1. Without a search along the line, which asks for the loss."""
    return _optax(task, "lbfgs", linesearch=None)
