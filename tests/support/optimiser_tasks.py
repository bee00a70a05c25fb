"""Tasks for optimisers of libraries, and their trajectories; a test is skipped where the library is not here."""

import numpy as np
import pytest

from stabilitylab.bench.optimisers import trajectory
from stabilitylab.libraries import optimisers
from stabilitylab.libraries.optimisers import Task, stored

MATRIX = np.array([[1.0, 2], [-1, 1], [0.5, -2], [2, 0.25], [1.5, 1]])
TARGET = np.array([1.0, -2, 0.5, 3, 1])
START = np.array([0.75, -0.375])


def task(steps=3, lr=0.015625, *, format="float64", **options):
    """A task of five rows, two columns; every number of it is one of every format."""
    return Task(MATRIX, TARGET, START, np.full(steps, lr), format=format, **options)


def bowl(steps, lr, *, format="float64", **options):
    """(x1² + 100 x2²)/2 from (1, 1); lr: one rate, or that of each step."""
    rates = np.full(steps, lr) if np.ndim(lr) == 0 else np.asarray(lr)
    return Task(np.diag([1.0, 10.0]), np.zeros(2), np.ones(2), rates, format=format, **options)


def one_gradient(g, lr=1.0, *, format="float64", **options):
    """One step from 0, where the gradient is g."""
    return Task(np.ones((1, 1)), np.array([-g]), np.zeros(1), np.array([lr]), format=format, **options)


def path(name, asked):
    """The weights (steps + 1, n) of a library's optimiser; the test is skipped where it is not here."""
    if lacks := optimisers.entry(name).label.lacks:
        pytest.skip(lacks)
    found = trajectory(name, asked)
    assert found.path is not None, found.note
    return found.path


__all__ = ["bowl", "one_gradient", "path", "stored", "task"]
