"""A violation as a script that shows it again: paste and run."""

import numpy as np
from scipy.sparse import csr_array

from stabilitylab import bench
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.probes.metamorphic.compared import Instance
from stabilitylab.probes.metamorphic.laws import Law, Pair
from stabilitylab.probes.metamorphic.small_problem import SmallProblem, arguments

SHORT = 2**10  # integers up to here are written in full, and those beyond as multiples of powers of two by them


def script(route: str, law: Law, case: Instance) -> str:
    """Python that asks a route both problems and prints what the law says is equal, or R² before and after."""
    entry, pair = bench.route(route), law.pair(case.X, case.y, case.exponent)
    lines = [f"# {law.says}" + (f" k = {case.exponent}." if any(law.exponents) else ""), "import numpy as np"]
    asked = {"one": pair.one} | ({"other": pair.other} if pair.other is not None else {})
    if any(question.sparse for question in asked.values()):
        lines.append("from scipy.sparse import csr_array")
    lines += ["import stabilitylab as sl", f'fit = sl.{_catalog(entry)}.get("{route}")']
    lines += [f"{name} = fit({_call(entry, question)})" for name, question in asked.items()]
    return "\n".join([*lines, *(_fits(pair) if pair.fit else _coefficients(pair))])


def _catalog(entry: bench.Route) -> str:
    return "libraries" if entry.label.library is not None else "solvers"


def _coefficients(pair: Pair) -> list[str]:
    every = pair.of == tuple(range(len(pair.one.X[0]) + 1))
    lines = [f"print(np.asarray(one){'' if every else [list(pair.of)]})"]
    if pair.other is None:
        return [*lines, f"print({written(np.array(pair.factors))})"]
    taken = "" if every and pair.to == pair.of else [list(pair.to)]
    factors = "" if set(pair.factors) == {1.0} else f" * {written(np.array(pair.factors))}"
    return [*lines, f"print(np.asarray(other){taken}{factors})"]


def _fits(pair: Pair) -> list[str]:
    asked = {"one": pair.one, "other": pair.other}
    given = {name: f"{written(np.array(a.X))}, {written(np.array(a.y))}" for name, a in asked.items() if a is not None}
    return [
        "from stabilitylab.probes.metamorphic import r_squared",
        *(f"print(r_squared({name}, {data}))" for name, data in given.items()),
    ]


def _call(entry: bench.Route, asked: SmallProblem) -> str:
    return ", ".join(_argument(argument) for argument in arguments(entry, asked))


def _argument(value: object) -> str:
    if isinstance(value, csr_array):
        return f"csr_array({_array(value.toarray())})"
    return _array(value) if isinstance(value, np.ndarray) else repr(value)


def _array(values: Array) -> str:
    return f"np.array({written(values)}, {values.dtype.name!r})"


def written(values: Array) -> str:
    """Numbers as Python reads them back, by powers of two where that is short: [[0, 1], [3 * 2.0**-20, 0]]."""
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
