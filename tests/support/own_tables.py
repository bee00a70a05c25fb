"""Tables of a person's own as questions: text becomes exact decimals, arrays stay the floats that they are."""

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.data.problem import Decimals, Design, Problem
from stabilitylab.data.table import Table
from stabilitylab.diagnosis.question import Question


def question(data, design=None, response="y", format="float64", **asked):
    """A question about columns: lists of text are decimals."""
    columns = {name: Decimals.parse(v) if isinstance(v, list) else v for name, v in data.items()}
    problem = Problem("own", columns, design or Design.columns(), "as given", response=response, format=format)
    return of_problem(problem, **asked)


def of_problem(problem, **asked):
    """A question about the data of a problem."""
    return Question(problem, Table("own", problem.data, tuple(range(problem.shape[0]))), **asked)


def thermometers(seed=1, m=60, apart=0.01):
    """Two thermometers that show nearly the same, and what depends on the temperature."""
    rng = np.random.default_rng(seed)
    t = 20 + 5 * rng.normal(size=m)
    return question({"north": t, "south": t + apart * rng.normal(size=m), "y": 3 * t + rng.normal(size=m)})


def nanosecond_stamps(m=40):
    """Stamps in nanoseconds since 1970, a millisecond apart, as text, and a response that grows with them."""
    rng = np.random.default_rng(3)
    stamps = [str(1_700_000_000_000_000_000 + 1_000_003 * k) for k in range(m)]
    return question({"stamp": stamps, "y": [f"{3 + 0.5 * k + 0.1 * rng.normal():.3f}" for k in range(m)]})


def calibration(degree=10):
    """A calibration curve over wavelengths, in powers of them as they are."""
    x = np.linspace(400, 700, 31)
    y = [f"{np.sin(v / 60) + 1e-3 * np.cos(7 * v):.6f}" for v in x]
    return question({"wavelength": [f"{v:g}" for v in x], "y": y}, Design.polynomial(degree))


def healthy(m=50):
    """Two columns that have nothing to do with each other."""
    rng = np.random.default_rng(5)
    u, v = rng.normal(size=(2, m)) + 1
    return question({"u": u, "v": v, "y": u - 2 * v + 0.1 * rng.normal(size=m)})


def income_beside_a_rate(m=50, size=1e12):
    """A column of large numbers beside one of small ones."""
    rng = np.random.default_rng(7)
    income, rate = size * np.exp(0.3 * rng.normal(size=m)), 1e-3 * rng.random(m)
    return question({"income": income, "rate": rate, "y": 2 * income / size + 500 * rate + 0.1 * rng.normal(size=m)})


def raw_powers(degree=9, format="float64"):
    """A polynomial in raw powers, whose Gram matrix has squared the condition number."""
    x = np.linspace(1.0, 4.0, 25)
    return question({"x": x, "y": np.cos(x) + 0.1 * np.sin(30 * x)}, Design.polynomial(degree), format=format)


def response_beyond_float64(m=30):
    """A response whose digits begin where those of float64 end."""
    return question({
        "hour": [str(k) for k in range(m)],
        "counter": [f"1000000000000{7 * k + (k * k) % 5:05d}.{(k * 7919) % 1000:03d}" for k in range(m)],
    }, response="counter")  # fmt: skip


def as_a_user_has(asked, *, text=False):
    """The columns of a table as a program holds them: whole numbers, floats, or the text that was written."""
    found = {}
    for name, values in asked.table.columns.items():
        if not isinstance(values, ExactColumn):
            found[name] = [repr(v) for v in values.tolist()] if text else np.asarray(values)
        elif text:
            found[name] = [_written(values[row]) for row in range(len(values))]
        elif values.scale.denominator == 1 and asked.problem.dtype == "float64":
            found[name] = np.array([int(values[row]) for row in range(len(values))])
        else:
            found[name] = np.array(asked.problem.column(name))
    if asked.weights is not None:
        found[asked.weights_name] = asked.float_weights
    return found


def _written(value):
    """An exact decimal as text."""
    places = max(0, (value.denominator.bit_length() - 1))
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else f"{sign}{digits}"
