"""PyTorch's optimisers on a CPU: torch.optim, as loop, which is the default there, foreach and fused.

The fed gradient is put into `.grad`; its own is that of torch.nn.MSELoss of A @ w, the mean over rows by default. The
weights are one tensor (n,). Scalars such as lr and 1 - beta stay Python floats until a kernel rounds them to the format
in which it computes: that of the weights, float32 for the two short ones.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.libraries.optimisers import Task, fed_gradient, optimiser_route
from stabilitylab.libraries.torch_routes import TORCH

F = TypeVar("F", bound=Callable[[Task], Array])

ALL = ("float64", "float32", "bfloat16", "float16")
ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
ADAM_NAMES = {"betas": ("beta1", "beta2"), "eps": "eps", "weight_decay": "weight_decay"}


def predicted(A: Array, x: Array) -> Array:
    """A x (m,) by torch.nn.functional.linear, as a layer without a bias."""
    import torch

    row = torch.nn.functional.linear(torch.tensor(A), torch.tensor(x)[None])
    found: Array = row[:, 0].numpy()
    return found


USUAL = {"formats": ALL, "losses": ("mean", "sum"), "predicts": predicted}


def torch_route(name: str, *, documentation: str, **declared: Any) -> Callable[[F], F]:
    """The label of a route through torch.optim."""
    source = f"torch.optim.{documentation}, documentation, Algorithm"
    return optimiser_route(name, TORCH, source=source, **{**USUAL, **declared})


def trained(task: Task, optimiser_of: Callable[..., Any], **fixed: Any) -> Array:
    """The weights (steps + 1, n) of a torch optimiser, made by optimiser_of([w], lr=..., **options), as users run it.

    fixed: options that make it this variant; those of the task come after them.
    """
    import torch

    dtype = getattr(torch, task.format)
    A, b, w = (torch.tensor(values, dtype=dtype) for values in (task.A, task.b, task.x0))
    w.requires_grad_(True)
    loss, gradient, objective = torch.nn.MSELoss(reduction=_reduction(task)), fed_gradient(task), task.objective
    optimiser = optimiser_of([w], lr=float(task.lr[0]), **{**fixed, **task.options})

    def weights() -> Array:
        values: Array = w.detach().to(torch.float64).numpy().copy()
        return values

    def closure() -> Any:
        optimiser.zero_grad()
        if task.own_gradient:
            value = loss(A @ w, b)
            value.backward()
            return value
        x = weights()
        w.grad = torch.tensor(gradient(x), dtype=dtype)
        return torch.tensor(float(objective.value(x.astype(objective.A.dtype))), dtype=dtype) if calls_back else None

    calls_back = isinstance(optimiser, torch.optim.LBFGS)  # its line of steps asks for loss and gradient anew
    path = [weights()]
    for rate in task.lr:
        optimiser.param_groups[0]["lr"] = float(rate)
        if calls_back:
            optimiser.step(closure)
        else:
            closure()
            optimiser.step()
        path.append(weights())
    return np.array(path)


def _reduction(task: Task) -> str:
    return "sum" if task.loss == "sum" else "mean"


def _torch(task: Task, kind: str, **fixed: Any) -> Array:
    import torch

    return trained(task, getattr(torch.optim, kind), **fixed)


@torch_route("torch.sgd", documentation="SGD", documented="descent.gradient", variant="loop")
def sgd(task: Task) -> Array:
    """w <- w - lr g: torch.optim.SGD(lr)."""
    return _torch(task, "SGD")


@torch_route("torch.sgd_foreach", documentation="SGD", documented="descent.gradient", variant="foreach")
def sgd_foreach(task: Task) -> Array:
    """w <- w - lr g: torch.optim.SGD(lr, foreach=True)."""
    return _torch(task, "SGD", foreach=True)


@torch_route("torch.sgd_fused", documentation="SGD", documented="descent.gradient", variant="fused")
def sgd_fused(task: Task) -> Array:
    """w <- w - lr g: torch.optim.SGD(lr, fused=True)."""
    return _torch(task, "SGD", fused=True)


@torch_route(
    "torch.sgd_momentum",
    documentation="SGD",
    documented="descent.heavy_ball",
    hyperparameters={"momentum": 0.9},
    renamed={"momentum": "momentum"},
)
def sgd_momentum(task: Task) -> Array:
    """v <- 0.9 v + g, w <- w - lr v: torch.optim.SGD(lr, momentum=0.9), lr outside of the velocity."""
    return _torch(task, "SGD", momentum=0.9)


@torch_route(
    "torch.sgd_nesterov",
    documentation="SGD",
    documented="descent.nesterov",
    hyperparameters={"momentum": 0.9, "form": "shifted"},
    renamed={"momentum": "momentum"},
)
def sgd_nesterov(task: Task) -> Array:
    """v <- 0.9 v + g, w <- w - lr (g + 0.9 v): torch.optim.SGD(lr, momentum=0.9, nesterov=True).

    The stored weight is the point of Nesterov's method in which the gradient is taken."""
    return _torch(task, "SGD", momentum=0.9, nesterov=True)


@torch_route(
    "torch.sgd_dampened",
    documentation="SGD",
    documented="descent.heavy_ball",
    hyperparameters={"momentum": 0.9, "dampening": 0.9},
    renamed={"momentum": "momentum", "dampening": "dampening"},
)
def sgd_dampened(task: Task) -> Array:
    """v <- 0.9 v + 0.1 g, w <- w - lr v, but v = g in the first step: SGD(lr, momentum=0.9, dampening=0.9)."""
    return _torch(task, "SGD", momentum=0.9, dampening=0.9)


@torch_route(
    "torch.adam",
    documentation="Adam",
    documented="descent.adam",
    hyperparameters=ADAM,
    renamed=ADAM_NAMES,
    variant="loop",
)
def adam(task: Task) -> Array:
    """w <- w - lr m̂/(sqrt(v̂) + eps): torch.optim.Adam(lr); eps 1e-8 after the bias correction."""
    return _torch(task, "Adam")


@torch_route(
    "torch.adam_foreach",
    documentation="Adam",
    documented="descent.adam",
    hyperparameters=ADAM,
    renamed=ADAM_NAMES,
    variant="foreach",
)
def adam_foreach(task: Task) -> Array:
    """w <- w - lr m̂/(sqrt(v̂) + eps): torch.optim.Adam(lr, foreach=True)."""
    return _torch(task, "Adam", foreach=True)


@torch_route(
    "torch.adam_fused",
    documentation="Adam",
    documented="descent.adam",
    hyperparameters=ADAM,
    renamed=ADAM_NAMES,
    variant="fused",
)
def adam_fused(task: Task) -> Array:
    """w <- w - lr m̂/(sqrt(v̂) + eps): torch.optim.Adam(lr, fused=True)."""
    return _torch(task, "Adam", fused=True)


@torch_route(
    "torch.amsgrad",
    documentation="Adam",
    documented="descent.amsgrad",
    hyperparameters={**ADAM, "maximum_of": "v"},
    renamed=ADAM_NAMES,
)
def amsgrad(task: Task) -> Array:
    """As Adam, over the largest v so far, taken before the bias correction: torch.optim.Adam(lr, amsgrad=True)."""
    return _torch(task, "Adam", amsgrad=True)


@torch_route(
    "torch.adam_coupled",
    documentation="Adam",
    documented="descent.adamw",
    hyperparameters={**ADAM, "weight_decay": 0.01, "decay": "coupled"},
    renamed=ADAM_NAMES,
)
def adam_coupled(task: Task) -> Array:
    """As Adam with g + 0.01 w for g, a penalty: torch.optim.Adam(lr, weight_decay=0.01)."""
    return _torch(task, "Adam", weight_decay=0.01)


@torch_route(
    "torch.adamw",
    documentation="AdamW",
    documented="descent.adamw",
    hyperparameters={**ADAM, "weight_decay": 0.01},
    renamed=ADAM_NAMES,
    variant="loop",
)
def adamw(task: Task) -> Array:
    """w <- w (1 - lr 0.01), then as Adam: torch.optim.AdamW(lr)."""
    return _torch(task, "AdamW")


@torch_route(
    "torch.adamw_foreach",
    documentation="AdamW",
    documented="descent.adamw",
    hyperparameters={**ADAM, "weight_decay": 0.01},
    renamed=ADAM_NAMES,
    variant="foreach",
)
def adamw_foreach(task: Task) -> Array:
    """w <- w (1 - lr 0.01), then as Adam: torch.optim.AdamW(lr, foreach=True)."""
    return _torch(task, "AdamW", foreach=True)


@torch_route(
    "torch.adamw_fused",
    documentation="AdamW",
    documented="descent.adamw",
    hyperparameters={**ADAM, "weight_decay": 0.01},
    renamed=ADAM_NAMES,
    variant="fused",
)
def adamw_fused(task: Task) -> Array:
    """w <- w (1 - lr 0.01), then as Adam: torch.optim.AdamW(lr, fused=True)."""
    return _torch(task, "AdamW", fused=True)


@torch_route(
    "torch.nadam",
    documentation="NAdam",
    documented="descent.nadam",
    hyperparameters={**ADAM, "momentum_decay": 0.004},
    departs={"float64": "the product of the momenta so far is kept in float32"},
    renamed={**ADAM_NAMES, "momentum_decay": "momentum_decay"},
)
def nadam(task: Task) -> Array:
    """Adam with Nesterov's look-ahead and the momentum 0.9 (1 - 0.96**(0.004 k)/2) in step k: torch.optim.NAdam(lr)."""
    return _torch(task, "NAdam")


@torch_route("torch.radam", documentation="RAdam")
def radam(task: Task) -> Array:
    """Adam, the root of v left out while too few steps have been averaged: torch.optim.RAdam(lr)."""
    return _torch(task, "RAdam")


@torch_route(
    "torch.rmsprop",
    documentation="RMSprop",
    documented="descent.rmsprop",
    hyperparameters={"decay": 0.99, "eps": 1e-8},
    renamed={"alpha": "decay", "eps": "eps"},
)
def rmsprop(task: Task) -> Array:
    """v <- 0.99 v + 0.01 g², w <- w - lr g/(sqrt(v) + eps): torch.optim.RMSprop(lr)."""
    return _torch(task, "RMSprop")


@torch_route("torch.rmsprop_centered", documentation="RMSprop")
def rmsprop_centered(task: Task) -> Array:
    """As RMSprop, v less the square of the running mean of g: torch.optim.RMSprop(lr, centered=True)."""
    return _torch(task, "RMSprop", centered=True)


@torch_route(
    "torch.adagrad",
    documentation="Adagrad",
    documented="descent.adagrad",
    hyperparameters={"eps": 1e-10},
    renamed={"eps": "eps", "initial_accumulator_value": "initial"},
    variant="loop",
)
def adagrad(task: Task) -> Array:
    """s <- s + g², from 0; w <- w - lr g/(sqrt(s) + 1e-10): torch.optim.Adagrad(lr)."""
    return _torch(task, "Adagrad")


@torch_route(
    "torch.adagrad_fused",
    documentation="Adagrad",
    documented="descent.adagrad",
    hyperparameters={"eps": 1e-10},
    renamed={"eps": "eps", "initial_accumulator_value": "initial"},
    variant="fused",
)
def adagrad_fused(task: Task) -> Array:
    """s <- s + g², from 0; w <- w - lr g/(sqrt(s) + 1e-10): torch.optim.Adagrad(lr, fused=True)."""
    return _torch(task, "Adagrad", fused=True)


@torch_route(
    "torch.adadelta",
    documentation="Adadelta",
    documented="descent.adadelta",
    hyperparameters={"decay": 0.9, "eps": 1e-6},
    renamed={"rho": "decay", "eps": "eps"},
)
def adadelta(task: Task) -> Array:
    """w <- w - lr g sqrt(d + eps)/sqrt(v + eps), d and v running means of step² and g²: torch.optim.Adadelta(lr)."""
    return _torch(task, "Adadelta")


@torch_route("torch.adamax", documentation="Adamax")
def adamax(task: Task) -> Array:
    """Adam with a decaying maximum of |g| for the root of v: torch.optim.Adamax(lr)."""
    return _torch(task, "Adamax")


@torch_route("torch.rprop", documentation="Rprop")
def rprop(task: Task) -> Array:
    """Steps whose length depends on how often the sign of g changed alone, the first is lr: torch.optim.Rprop(lr)."""
    return _torch(task, "Rprop")


@torch_route("torch.asgd", documentation="ASGD")
def asgd(task: Task) -> Array:
    """w <- w (1 - 1e-4 eta) - eta g, eta decaying from lr: torch.optim.ASGD(lr); the weights, not their average."""
    return _torch(task, "ASGD")


@torch_route("torch.lbfgs", documentation="LBFGS", formats=("float64", "float32"))
def lbfgs(task: Task) -> Array:
    """Steps of quasi-Newton directions from the last 100 gradients, 20 to each call of step: torch.optim.LBFGS(lr)."""
    return _torch(task, "LBFGS")
