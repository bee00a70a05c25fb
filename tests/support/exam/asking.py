"""How a route is asked: a refusal is told from any other error."""

import warnings

import numpy as np

from stabilitylab.core.errors import Breakdown

REFUSALS = (Breakdown, np.linalg.LinAlgError, ValueError)


def call(function, *arguments):
    """The route's own answer; what it warns about is for the bench to record.

    Raises one of REFUSALS where it refuses, and AssertionError for any other error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*arguments)
        except REFUSALS:
            raise
        except Exception as error:
            if type(error).__name__.endswith("LinAlgError"):  # PyTorch has one of its own
                raise np.linalg.LinAlgError(str(error)) from error
            raise AssertionError(f"{type(error).__name__}: {error}") from error
