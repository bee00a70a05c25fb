"""Whether the digits are there that a well-behaved solver in the format declared must have."""

import numpy as np

from stabilitylab.conformance import systems
from stabilitylab.conformance.examinee import Examinee
from stabilitylab.conformance.questions import question


@question(source="Higham (2002), sections 20.1 and 20.4")
def agrees_with_the_exact_solution(route: Examinee) -> None:
    """|x - x_exact| <= c m n u cond |x_exact| on six integer systems with cond <= 30, in every format it takes.

    c = 1: backward errors are bounded by about m n u, and cond <= 30 leaves room for the cond**2 u of the normal
    equations (Higham 2002, sections 20.1 and 20.4).
    """
    for dtype in route.formats():
        for system in systems.well_conditioned(route.kind):
            x = route.x(*system.stored(dtype), intercept=system.intercept)
            m, n = system.A.shape
            error = systems.relative_error(x, system.x)
            bound = m * n * systems.unit_roundoff(dtype) * system.cond
            route.require(error <= bound, f"{dtype}, {m} x {n}: relative error {error:.1e}, allowed {bound:.1e}")


@question(source="Higham (2002), section 2.1")
def commutes_with_powers_of_two(route: Examinee) -> None:
    """solve(2**k A, b) * 2**k == solve(A, b), bit for bit, k odd and even: the tag scale-equivariant.

    No constant: away from over- and underflow every operation commutes with a power of two (Higham 2002, section 2.1),
    and an algorithm without absolute tolerances is made of such operations.
    """
    route.applies("scale-equivariant" in route.label.tags, "the label does not claim scale-equivariant")
    route.applies(route.label.call_form in ("matrix", "columns"), "it is given no matrix to scale")
    rng = np.random.default_rng(5)
    # mpmath's exponent has no range; its rounding is covered by the formats.
    for dtype in (scalar for scalar in route.formats() if scalar != "object"):
        exponents = (-2, -1, 1, 2) if dtype == "float16" else (-31, -20, 20, 31)
        for size in (3, 8, 20):
            m, n = (size, size) if route.kind == "square" else (3 * size, size)
            A = (rng.normal(size=(m, n)) + 4 * np.eye(m, n)).astype(dtype)
            b = rng.normal(size=m).astype(dtype)
            if dtype == "float16":
                A, b = A[: 3 if m == n else m, :3], b[: 3 if m == n else m]
            x = route.x(A, b)
            for k in exponents:
                factor = A.dtype.type(2) ** k
                same = np.array_equal(route.x(A * factor, b) * factor, x)
                route.require(same, f"{dtype}, {m} x {n}, k = {k}: other bits")


@question(source="Higham (2002), section 20.1")
def works_in_the_precision_it_says(route: Examinee) -> None:
    """In float32 and float16 the error of the stored answer tells work in that format from work in a wider one.

    Wider work leaves only the rounding of x, at most u normwise, and 1.1 u is allowed; work in the format costs u cond,
    here more than 2 u in the worst of eight problems of cond 1e3 and 10. Between the two nothing is proven, and the
    route fails.
    """
    for dtype in route.formats("float16", "float32"):
        u = systems.unit_roundoff(dtype)
        errors = []
        for system in systems.revealing(route.kind, dtype):
            x = route.x(*system.stored(dtype), intercept=system.intercept)
            errors.append(systems.relative_error(x.astype(dtype), system.x) / u)
        worst = max(errors)
        if route.label.works_in in ("input", dtype):
            route.require(worst > 2, f"{dtype}: an error of {worst:.2g} u is too good for work in {dtype}")
        else:
            route.require(
                worst <= 1.1, f"{dtype}: an error of {worst:.2g} u is too large for work in {route.label.works_in}"
            )
