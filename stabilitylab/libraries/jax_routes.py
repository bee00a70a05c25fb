"""JAX's ways to fit: numpy.linalg.lstsq and numpy.polyfit, as JAX comes, in float32, and with 64-bit types enabled."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

JAX = python_library("jax", title="JAX", modules=("jax",), distribution="jax")

BOTH = ("float32", "float64")
EPS32 = float(np.finfo(np.float32).eps)
NARROW = {
    "agrees_with_the_exact_solution": "64-bit types are off by default: float64 becomes float32 without a warning",
    "returns_the_format_of_its_input": "64-bit types are off by default: the answer is float32",
}


@route(
    "jax.lstsq",
    JAX,
    source="jax.numpy.linalg.lstsq, documentation; JAX documentation, default dtypes and the X64 flag",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.26,
    works_in="float32",
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * EPS32,
    cutoff_says="singular values below max(m, n) 2**-23 times the largest are dropped, for float64 data too",
    fails=NARROW,
    default=True,
)
def jax_lstsq(A: Array, b: Array) -> Fit:
    """x (n,) = jax.numpy.linalg.lstsq(A, b)[0] as JAX comes, A (m, n): everything in float32.

    float64 arrays become float32 without a warning, which loses half the digits before the solver starts, and the
    cut-off is that of float32: a direction with s_i < max(m, n) 2**-23 s_1 is dropped, and only the returned rank shows
    it.
    Source: JAX documentation, jax.numpy.linalg.lstsq, and on default dtypes and the X64 flag."""
    import jax

    with jax.enable_x64(False):
        return _lstsq(A, b)


@route(
    "jax.lstsq_x64",
    JAX,
    source="jax.numpy.linalg.lstsq, documentation and jax/_src/numpy/linalg.py",
    called_under="jax_enable_x64",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="normwise",
    constant=0.15,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * eps,
    cutoff_says="singular values below max(m, n) eps times the largest are dropped, eps of the format of A",
)
def jax_lstsq_x64(A: Array, b: Array) -> Fit:
    """x (n,) = jax.numpy.linalg.lstsq(A, b)[0] with jax_enable_x64, A (m, n): U, s, V' of an SVD, multiplied out.

    Normwise but not columnwise backward stable. The cut-off is that of numpy.linalg.lstsq, in the format of A.
    Source: JAX documentation, jax.numpy.linalg.lstsq; jax/_src/numpy/linalg.py."""
    import jax

    with jax.enable_x64(True):
        return _lstsq(A, b)


def _lstsq(A: Array, b: Array) -> Fit:
    import jax.numpy as jnp

    x, _, rank, _ = jnp.linalg.lstsq(jnp.asarray(A), jnp.asarray(b))
    return Fit(np.asarray(x), rank=int(rank))


@route(
    "jax.polyfit",
    JAX,
    source="jax.numpy.polyfit, documentation; JAX documentation, default dtypes and the X64 flag",
    tags=("residual-optimal",),
    law="columnwise",
    constant=0.13,
    works_in="float32",
    scalars=BOTH,
    cutoff=lambda m, n, eps: m * EPS32,
    cutoff_says="singular values of the scaled matrix below len(x) 2**-23 times the largest are dropped, no warning",
    fails=NARROW,
    call_form="polynomial",
    scaled="unit norm",
)
def jax_polyfit(x: Array, y: Array, degree: int) -> Array:
    """Coefficients (degree+1,) of 1, x, x**2, ... = jax.numpy.polyfit(x, y, degree)[::-1] as JAX comes.

    Everything in float32, float64 data too, and a lower rank gets no warning.
    Source: JAX documentation, jax.numpy.polyfit, and on default dtypes and the X64 flag."""
    import jax

    with jax.enable_x64(False):
        return _polyfit(x, y, degree)


@route(
    "jax.polyfit_x64",
    JAX,
    source="jax.numpy.polyfit, documentation and jax/_src/numpy/polynomial.py",
    called_under="jax_enable_x64",
    tags=("columnwise-backward-stable", "residual-optimal"),
    law="columnwise",
    constant=0.13,
    scalars=BOTH,
    cutoff=lambda m, n, eps: m * eps,
    cutoff_says="singular values of the scaled matrix below len(x) eps times the largest are dropped, no warning",
    call_form="polynomial",
    scaled="unit norm",
)
def jax_polyfit_x64(x: Array, y: Array, degree: int) -> Array:
    """Coefficients (degree+1,) of 1, x, x**2, ... = jax.numpy.polyfit(x, y, degree)[::-1] with jax_enable_x64.

    As numpy.polyfit, but float32 stays float32, and a lower rank gets no warning.
    Source: JAX documentation, jax.numpy.polyfit; jax/_src/numpy/polynomial.py."""
    import jax

    with jax.enable_x64(True):
        return _polyfit(x, y, degree)


def _polyfit(x: Array, y: Array, degree: int) -> Array:
    import jax.numpy as jnp

    return np.asarray(jnp.polyfit(jnp.asarray(x), jnp.asarray(y), degree))[::-1]
