"""Every problem builds, reproduces, is named by the call that builds it, and refuses what makes no problem."""

import ast
import inspect
import math
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problem_judges import DEFAULTS, VARIANTS, called
from stabilitylab import problems
from stabilitylab.core.errors import InputError, OutOfRangeError
from stabilitylab.problems.labelling import in_full, labelled
from stabilitylab.problems.synthetic import PROFILES


def exact_slope(problem, truth):
    system = problem.exact(truth)
    x, y = [int(v) for v in system.A[:, 1]], [int(v) for v in system.b]
    m = len(x)
    slope = Fraction(m * sum(map(int.__mul__, x, y)) - sum(x) * sum(y), m * sum(v * v for v in x) - sum(x) ** 2)
    return slope * system.b_scale / system.column_scales[1] * system.column_scales[0]


@pytest.mark.parametrize("m", [200, 1000])
@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
def test_the_slope_over_timestamps_is_exactly_three(unit, m):
    p = problems.get(f"real.timestamps_{unit}")(m=m)
    assert exact_slope(p, "decimal") == 3
    assert p.planted is not None
    assert p.planted[1] == 3


def test_nanoseconds_have_another_slope_once_stored():
    assert exact_slope(problems.get("real.timestamps_ns")(), "data") == pytest.approx(Fraction("2.736"), abs=5e-4)
    for unit in ("s", "ms"):
        assert exact_slope(problems.get(f"real.timestamps_{unit}")(), "data") == 3


@pytest.mark.parametrize("recipe", DEFAULTS, ids=called)
def test_every_problem_builds_with_finite_read_only_arrays(recipe):
    p = recipe.build()
    assert p.A.dtype == p.b.dtype == np.float64
    assert p.A.shape == p.shape
    assert p.b.shape == p.shape[:1]
    assert np.isfinite(p.A).all()
    assert np.isfinite(p.b).all()
    with pytest.raises(ValueError, match="read-only"):
        p.A[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        p.b[0] = 1


@pytest.mark.parametrize("recipe", DEFAULTS, ids=called)
def test_every_problem_can_be_stated_in_float32(recipe):
    p = recipe.build().rounded_to("float32")
    assert p.A.dtype == p.b.dtype == np.float32
    assert p.exact("decimal").digest == recipe.build().exact("decimal").digest


def test_a_problem_outside_the_range_of_float32_says_so():
    p = problems.get("classic.lauchli")(eps=1e-60)
    with pytest.raises(OutOfRangeError, match="float32"):
        _ = p.rounded_to("float32").A


@pytest.mark.parametrize("recipe", DEFAULTS, ids=called)
def test_every_problem_says_its_source_and_is_named_as_the_catalogue_names_it(recipe):
    p, entry = recipe.build(), problems.entry(recipe.family)
    assert p.name == recipe.family == entry.label.name
    assert p.source == entry.label.source
    assert len(entry.summary) > 20


@pytest.mark.parametrize("name", problems.names())
def test_the_same_seed_gives_the_same_bits_whatever_the_global_generator_is_doing(name):
    make = problems.get(name)
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the global generator is the point
    first = make().digest
    assert (before == np.random.get_state()[1]).all()  # noqa: NPY002
    try:
        np.random.seed(12345)  # noqa: NPY002
        assert make().digest == first
    finally:
        np.random.seed(before)  # noqa: NPY002


def other(default):
    """A value near the default that every family accepts."""
    if isinstance(default, str):
        return "arithmetic"
    if isinstance(default, float):
        return default / 2 if default else 0.5
    return default + 4


@cache
def parameters():
    return [
        (name, parameter.name, other(parameter.default))
        for name in problems.names()
        for parameter in inspect.signature(problems.get(name)).parameters.values()
    ]


@pytest.mark.parametrize(("name", "parameter", "value"), parameters())
def test_each_parameter_changes_the_problem_and_its_name(name, parameter, value):
    make = problems.get(name)
    changed = make(**{parameter: value})
    assert changed.name.startswith(f"{name}({parameter}=")
    assert changed.digest != make().digest


def rebuilt(name):
    """The family and the parameters that a name spells."""
    call = ast.parse(name, mode="eval").body
    if isinstance(call, ast.Attribute):
        return name, {}
    return ast.unparse(call.func), {k.arg: ast.literal_eval(k.value) for k in call.keywords}


@pytest.mark.parametrize("recipe", DEFAULTS + VARIANTS, ids=called)
def test_the_name_of_a_problem_is_the_call_that_builds_it(recipe):
    family, spelled = rebuilt(recipe.build().name)
    assert problems.get(family)(**spelled).digest == recipe.build().digest


@pytest.mark.parametrize("recipe", DEFAULTS + VARIANTS, ids=called)
def test_a_name_in_full_spells_every_parameter_and_builds_the_problem_again(recipe):
    made = recipe.build()
    family, spelled = rebuilt(in_full(made.name))
    assert set(spelled) == set(inspect.signature(problems.get(family)).parameters)
    assert problems.get(family)(**spelled).name == made.name
    assert in_full(in_full(made.name)) == in_full(made.name)


@pytest.mark.parametrize("name", ["graded", "mine(n=3)", "classic.hilbert(", "classic.hilbert(size=3)", "a, (b"])
def test_a_name_that_builds_nothing_stays_as_it_is(name):
    assert in_full(name) == name


@settings(derandomize=True)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.sampled_from(sorted(PROFILES)))
def test_a_name_spells_every_bit_of_its_parameters(number, integer, profile):
    given = {"m": integer, "n": 10, "cond": number, "profile": profile, "residual": 0, "column_spread": 0.0, "seed": 0}
    _, spelled = rebuilt(labelled("synthetic.randsvd", **given).name)
    defaults = {k: v.default for k, v in inspect.signature(problems.get("synthetic.randsvd")).parameters.items()}
    assert {**defaults, **spelled} == given


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("synthetic.randsvd", {"profile": "steep"}),
        ("synthetic.randsvd", {"n": 1}),
        ("synthetic.randsvd", {"m": 9}),
        ("synthetic.randsvd", {"m": 10, "residual": 1.0}),
        ("synthetic.randsvd", {"cond": 1e17}),
        ("synthetic.randsvd", {"cond": 0.5}),
        ("synthetic.randsvd", {"cond": math.nan}),
        ("synthetic.randsvd", {"residual": -1.0}),
        ("synthetic.randsvd", {"residual": math.nan}),
        ("synthetic.randsvd", {"column_spread": math.inf}),
        ("synthetic.randsvd", {"column_spread": -1.0}),
        ("classic.vandermonde", {"m": 7}),
        ("classic.vandermonde", {"low": 1.0}),
        ("classic.hilbert", {"n": 21}),
        ("classic.hilbert", {"n": 1}),
        ("classic.lauchli", {"eps": 0.0}),
        ("classic.lauchli", {"n": 1}),
        ("classic.wilkinson_growth", {"n": 2}),
        ("classic.small_pivot", {"eps": 1.0}),
        ("classic.gaussian", {"n": 0}),
        ("classic.diagonally_dominant", {"n": 0}),
        ("classic.spd", {"cond": 1e15}),
        ("real.timestamps_s", {"m": 6}),
        ("real.timestamps_ns", {"m": 128}),
        ("real.years", {"degree": 0}),
        ("real.income_and_rate", {"m": 3}),
        ("real.one_hot", {"groups": 1}),
        ("real.one_hot", {"m": 4}),
    ],
)
def test_parameters_that_make_no_problem_are_refused(name, bad):
    with pytest.raises(InputError, match=r"got|ask for more"):
        problems.get(name)(**bad)
