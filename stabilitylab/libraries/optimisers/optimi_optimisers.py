"""torch-optimi's optimisers on a CPU, plain and with Kahan summation, which two short formats get by default.

Gradients and losses as with torch.optim.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.libraries.optimisers import Task, optimiser_route
from stabilitylab.libraries.optimisers.torch_optimisers import predicted, trained

OPTIMI = python_library("optimi", title="torch-optimi", modules=("optimi", "torch"), distribution="torch-optimi")

F = TypeVar("F", bound=Callable[[Task], Array])

ALL, SHORT = ("float64", "float32", "bfloat16", "float16"), ("bfloat16", "float16")
ADAM = {"beta1": 0.9, "beta2": 0.99, "eps": 1e-6}
ADAM_NAMES = {"betas": ("beta1", "beta2"), "eps": "eps", "weight_decay": "weight_decay"}
LION_NAMES = {"betas": ("beta1", "beta2"), "weight_decay": "weight_decay"}
LION = {"beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0}


def _optimi_route(name: str, *, documentation: str, **declared: Any) -> Callable[[F], F]:
    source = f"torch-optimi, documentation of {documentation}, and on Kahan summation"
    return optimiser_route(name, OPTIMI, source=source, losses=("mean", "sum"), predicts=predicted, **declared)


def _optimi(task: Task, kind: str, **fixed: Any) -> Array:
    """The weights (steps + 1, n) of optimi.KIND(lr, **fixed, and the options of the task), without Triton."""
    import optimi

    return trained(task, getattr(optimi, kind), triton=False, **fixed)


@_optimi_route("optimi.sgd", documentation="SGD", documented="descent.gradient", formats=ALL)
def sgd(task: Task) -> Array:
    """w <- w - lr g: optimi.SGD(lr, kahan_sum=False)."""
    return _optimi(task, "SGD", kahan_sum=False)


@_optimi_route("optimi.sgd_kahan", documentation="SGD", documented="descent.gradient", formats=SHORT)
def sgd_kahan(task: Task) -> Array:
    """w <- w - lr g, what each addition lost carried on to the next: optimi.SGD(lr)."""
    return _optimi(task, "SGD")


@_optimi_route(
    "optimi.sgd_momentum",
    documentation="SGD",
    documented="descent.heavy_ball",
    hyperparameters={"momentum": 0.9},
    renamed={"momentum": "momentum"},
    formats=ALL,
)
def sgd_momentum(task: Task) -> Array:
    """v <- 0.9 v + g, w <- w - lr v: optimi.SGD(lr, momentum=0.9, kahan_sum=False)."""
    return _optimi(task, "SGD", momentum=0.9, kahan_sum=False)


@_optimi_route(
    "optimi.sgd_dampened",
    documentation="SGD",
    documented="descent.momentum_mean",
    hyperparameters={"beta": 0.9},
    renamed={"momentum": "beta"},
    formats=ALL,
)
def sgd_dampened(task: Task) -> Array:
    """m <- 0.9 m + 0.1 g, w <- w - lr m, the first step damped too: optimi.SGD(lr, momentum=0.9, dampening=True)."""
    return _optimi(task, "SGD", momentum=0.9, dampening=True, kahan_sum=False)


@_optimi_route(
    "optimi.adam",
    documentation="Adam",
    documented="descent.adam",
    hyperparameters=ADAM,
    renamed=ADAM_NAMES,
    formats=ALL,
)
def adam(task: Task) -> Array:
    """w <- w - lr m̂/(sqrt(v̂) + 1e-6), means with 0.9 and 0.99: optimi.Adam(lr, kahan_sum=False).

    The bias correction is in the betas, so that m and v are the corrected means themselves."""
    return _optimi(task, "Adam", kahan_sum=False)


@_optimi_route(
    "optimi.adam_kahan",
    documentation="Adam",
    documented="descent.adam",
    hyperparameters=ADAM,
    renamed=ADAM_NAMES,
    formats=SHORT,
)
def adam_kahan(task: Task) -> Array:
    """As optimi.adam, what each addition to w lost carried on to the next: optimi.Adam(lr)."""
    return _optimi(task, "Adam")


@_optimi_route(
    "optimi.adamw",
    documentation="AdamW",
    documented="descent.adamw",
    hyperparameters={**ADAM, "weight_decay": 0.01},
    renamed=ADAM_NAMES,
    formats=ALL,
)
def adamw(task: Task) -> Array:
    """w <- w (1 - lr 0.01), then as optimi.adam: optimi.AdamW(lr, kahan_sum=False)."""
    return _optimi(task, "AdamW", kahan_sum=False)


@_optimi_route(
    "optimi.adamw_kahan",
    documentation="AdamW",
    documented="descent.adamw",
    hyperparameters={**ADAM, "weight_decay": 0.01},
    renamed=ADAM_NAMES,
    formats=SHORT,
)
def adamw_kahan(task: Task) -> Array:
    """As optimi.adamw, what each addition of a step lost carried on to the next: optimi.AdamW(lr)."""
    return _optimi(task, "AdamW")


@_optimi_route(
    "optimi.lion",
    documentation="Lion",
    documented="descent.lion",
    hyperparameters=LION,
    renamed=LION_NAMES,
    formats=ALL,
)
def lion(task: Task) -> Array:
    """w <- w - lr sign(0.9 m + 0.1 g), m <- 0.99 m + 0.01 g: optimi.Lion(lr, kahan_sum=False)."""
    return _optimi(task, "Lion", kahan_sum=False)


@_optimi_route(
    "optimi.lion_kahan",
    documentation="Lion",
    documented="descent.lion",
    hyperparameters=LION,
    renamed=LION_NAMES,
    formats=SHORT,
)
def lion_kahan(task: Task) -> Array:
    """As optimi.lion, what each addition to w lost carried on to the next: optimi.Lion(lr)."""
    return _optimi(task, "Lion")
