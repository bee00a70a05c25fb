"""A violation of a metamorphic law as a Python script that reproduces it."""

import numpy as np

from stabilitylab import bench
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.probes.metamorphic.comparison import Instance
from stabilitylab.probes.metamorphic.laws import Law, Pair
from stabilitylab.probes.metamorphic.small_problem import SmallProblem, arguments

SHORT = 2**10  # integers up to this are written out; a larger one as such an integer times a power of two, if it is one


def script(route: str, law: Law, instance: Instance) -> str:
    """A script that calls the route on both problems of an instance and prints two lines, which the law says are equal.

    For a law on R² these are R² of the first problem and of the second. Raises UnknownNameError for an unknown route.
    """
    entry, pair = bench.route(route), law.pair(instance.X, instance.y, instance.exponent)
    lines = [f"# {law.statement}" + (f" k = {instance.exponent}." if any(law.exponents) else ""), "import numpy as np"]
    problems = {"one": pair.one} | ({"other": pair.other} if pair.other is not None else {})
    if any(small.sparse for small in problems.values()):
        lines.append("from scipy.sparse import csr_array")
    printed = [] if pair.fit else ["from stabilitylab.core.types import reported"]
    lines += ["import stabilitylab as sl", *printed, f'fit = sl.{_catalog(entry)}.get("{route}")']
    lines += [f"{name} = fit({_call(entry, small)})" for name, small in problems.items()]
    return "\n".join([*lines, *(_fits(pair) if pair.fit else _coefficients(pair))])


def _catalog(entry: bench.Route) -> str:
    return "libraries" if entry.label.library is not None else "solvers"


def _coefficients(pair: Pair) -> list[str]:
    every = pair.of == tuple(range(len(pair.one.X[0]) + 1))
    lines = [f"print(reported(one){'' if every else [list(pair.of)]})"]
    if pair.other is None:
        return [*lines, f"print({written(np.array(pair.factors))})"]
    taken = "" if every and pair.to == pair.of else [list(pair.to)]
    factors = "" if set(pair.factors) == {1.0} else f" * {written(np.array(pair.factors))}"
    return [*lines, f"print(reported(other){taken}{factors})"]


def _fits(pair: Pair) -> list[str]:
    problems = {"one": pair.one, "other": pair.other}
    data = {
        name: f"{written(np.array(p.X))}, {written(np.array(p.y))}" for name, p in problems.items() if p is not None
    }
    return [
        "from stabilitylab.probes.metamorphic import r_squared",
        *(f"print(r_squared({name}, {X_and_y}))" for name, X_and_y in data.items()),
    ]


def _call(entry: bench.Route, small: SmallProblem) -> str:
    return ", ".join(_argument(argument) for argument in arguments(entry, small))


def _argument(value: object) -> str:
    if hasattr(value, "toarray"):  # a csr_array, whose class takes a while to import
        return f"csr_array({_array(value.toarray())})"
    return _array(value) if isinstance(value, np.ndarray) else repr(value)


def _array(values: Array) -> str:
    return f"np.array({written(values)}, {values.dtype.name!r})"


def written(values: Array) -> str:
    """Python source of an array as nested lists that evaluate to the same floats: [[0, 1], [3 * 2.0**-20, 0]].

    A power of two is written out where the odd factor beside it is at most SHORT, else the number's repr.
    """
    if values.ndim:
        return f"[{', '.join(map(written, values))}]"
    number = float(values)
    if abs(number) <= SHORT and number.is_integer():
        return str(int(number))
    numerator, denominator = number.as_integer_ratio()
    zeros = (numerator & -numerator).bit_length() - 1
    odd, exponent = numerator >> zeros, zeros - (denominator.bit_length() - 1)
    if abs(odd) > SHORT:
        return str(numerator) if denominator == 1 and abs(numerator) < 2**53 else repr(number)
    return {1: f"2.0**{exponent}", -1: f"-(2.0**{exponent})"}.get(odd, f"{odd} * 2.0**{exponent}")
