"""TensorFlow's ways to solve least squares: linalg.lstsq, fast and not, and the pseudo-inverse."""

import os
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.libraries import route

TENSORFLOW = python_library("tensorflow", title="TensorFlow", modules=("tensorflow",), distribution="tensorflow-cpu")

BOTH = ("float32", "float64")


def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # its notes on the processor are no warnings of a solve
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    import tensorflow as tf

    return tf


@route(
    "tensorflow.lstsq",
    TENSORFLOW,
    source="tf.linalg.lstsq, API documentation, argument fast; Higham (2002), section 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=1.1,
    scalars=BOTH,
    fails={"has_a_stated_answer_to_singular_data": "where Cholesky breaks down the answer is NaN, without an error"},
    default=True,
)
def tensorflow_lstsq(A: Array, b: Array) -> Array:
    """x (n,) = tf.linalg.lstsq(A, b[:, np.newaxis])[:, 0], A (m, n): the default, fast=True, Cholesky of A'A.

    Error about u cond(A)**2. Where A'A is not positive definite once rounded all of x is NaN; a line in the log of the
    process says so, and no exception does.
    Source: TensorFlow API, tf.linalg.lstsq; Higham (2002), section 20.4."""
    tf = _tensorflow()
    return np.asarray(tf.linalg.lstsq(A, b[:, np.newaxis]).numpy()[:, 0])


@route(
    "tensorflow.lstsq_slow",
    TENSORFLOW,
    source="tf.linalg.lstsq, API documentation, argument fast; Eigen documentation, CompleteOrthogonalDecomposition",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="columnwise",
    constant=0.18,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: min(m, n) * eps,
    cutoff_says="pivots of the QR factorisation up to min(m, n) eps times the largest are dropped",
)
def tensorflow_lstsq_slow(A: Array, b: Array) -> Array:
    """x (n,) = tf.linalg.lstsq(A, b[:, np.newaxis], fast=False)[:, 0], A (m, n): a complete orthogonal decomposition.

    Eigen's Householder QR with column pivoting, reduced from the right where the rank is not full. The rank is not
    reported.
    Source: TensorFlow API, tf.linalg.lstsq; Eigen documentation, class CompleteOrthogonalDecomposition."""
    tf = _tensorflow()
    return np.asarray(tf.linalg.lstsq(A, b[:, np.newaxis], fast=False).numpy()[:, 0])


@route(
    "tensorflow.pinv",
    TENSORFLOW,
    source="tf.linalg.pinv, API documentation; Higham (2002), section 20.1",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.27,
    scalars=BOTH,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: 10 * max(m, n) * eps,
    cutoff_says="singular values up to 10 max(m, n) eps times the largest are dropped",
)
def tensorflow_pinv(A: Array, b: Array) -> Array:
    """x (n,) = (tf.linalg.pinv(A) @ b[:, np.newaxis])[:, 0], A (m, n).

    Forward error as from an SVD, but not backward stable. Directions are dropped without a warning, and the rank is not
    reported.
    Source: TensorFlow API, tf.linalg.pinv, argument rcond; Higham (2002), section 20.1 (the pseudo-inverse)."""
    tf = _tensorflow()
    return np.asarray((tf.linalg.pinv(A) @ b[:, np.newaxis]).numpy()[:, 0])
