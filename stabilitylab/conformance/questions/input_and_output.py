"""How a route treats the arrays it is given, and what it hands back."""

import numpy as np

from stabilitylab.conformance import systems
from stabilitylab.conformance.examinee import Examinee, is_finite
from stabilitylab.conformance.questions import question


@question(source="the contract of a solver: a function of (A, b)")
def leaves_its_input_alone_and_repeats_its_bits(route: Examinee) -> None:
    """Input unchanged in C and in Fortran order, x of shape (n,), and the same bits from the same call.

    No constant: equality. The arrays are compared where the call happens, in the process of the library.
    """
    system = systems.well_conditioned(route.kind)[1]
    for dtype in route.formats():
        for fortran in (False, True):
            A, b = system.stored(dtype)
            first, second = (
                route.answer(A, b, intercept=system.intercept, fortran=fortran, watched=True) for _ in range(2)
            )
            route.require(not first.changed and not second.changed, "the input was changed")
            x, again = (np.asarray(route.answered(answer).x) for answer in (first, second))
            route.require(is_finite(x), f"returned {x}")
            route.require(np.array_equal(x, again), "two calls, two answers")


@question(source="the contract of a solver: x in the format of A")
def returns_the_format_of_its_input(route: Examinee) -> None:
    """The dtype of x is that of the input, for every format the route takes. No constant: equality."""
    system = systems.well_conditioned(route.kind)[0]
    for dtype in route.formats():
        x = route.x(*system.stored(dtype), intercept=system.intercept)
        route.require(x.dtype == np.dtype(dtype), f"{x.dtype} for {dtype}")
