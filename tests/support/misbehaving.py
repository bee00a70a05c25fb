"""Routes of a library that does what libraries do on bad days: for the process that must survive them."""

import os
import subprocess
import sys
import time
import warnings

import numpy as np

from stabilitylab.core.library import Library
from stabilitylab.core.types import Fit

VARIABLE = "STABILITYLAB_TESTED"
LIBRARY = Library(
    name="misbehaving",
    title="Misbehaving",
    install="nothing",
    version=lambda: "0.0.1",
    blas_of=lambda: f"BLAS number {os.environ[VARIABLE]}",
)
ABORTED = 6


def process_id(A, b):
    return np.array([float(os.getpid())])


def variable(A, b):
    return np.array([float(os.environ.get(VARIABLE, 0)), float(os.getpid())])


def lstsq(A, b):
    return Fit(np.linalg.lstsq(A, b)[0], rank=A.shape[1], note="as ever")


def warns(A, b):
    print("a line on standard output, where answers go")
    warnings.warn("beware", UserWarning, stacklevel=1)
    return b


def refuses(A, b):
    raise np.linalg.LinAlgError("singular")


def raises(A, b):
    raise TypeError("not today")


def hangs(A, b):
    time.sleep(3600)


def starts_a_program_and_hangs(A, b):
    subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(3600)  # {os.getppid()}"])
    time.sleep(3600)


def swells(A, b):
    kept = []
    while True:
        kept.append(np.ones(2**20))
        time.sleep(0.001)


def crashes(A, b):
    os.abort()


def leaves(A, b):
    os._exit(3)


def changes_its_input(A, b):
    x = lstsq(A, b)
    b[0] += 1
    return x


def orders(A, b):
    return np.array([float(A.flags.c_contiguous), float(A.flags.f_contiguous)])


def threads(A, b):
    return np.array([float(os.environ["OMP_NUM_THREADS"])])
