"""Optimisers of a library that misbehaves."""

import os
import signal
import time
import warnings

import numpy as np

from stabilitylab.core.library import Library, python_library

LIBRARY = Library(name="planted", title="Planted", install="none", version=lambda: "1")
NOT_HERE = python_library("absent", title="Absent", modules=("nowhere",), distribution="nowhere")


def dividing(task):
    """Raises."""
    raise ZeroDivisionError("no rate")


def shapeless(task):
    """Too few weights."""
    return np.zeros((2, 2))


def crashing(task):
    """Ends its process."""
    os.kill(os.getpid(), signal.SIGKILL)


def hanging(task):
    """Takes too long."""
    time.sleep(60)


def talking(task):
    """Warns, and returns four weights of two coordinates, not all of them numbers."""
    warnings.warn("the rate is large", RuntimeWarning, stacklevel=1)
    return np.array([[1.0, np.inf], [2.0, np.nan], [3.0, 0.0], [4.0, 0.0]])
