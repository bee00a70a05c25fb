"""The StRD data sets against NIST's certified values, by a solver of the tests' own in rational arithmetic."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nist_judge import (
    KNOWN_MISPRINTS,
    SETS,
    another_digit,
    exact,
    exact_statistics,
    mismatches,
    printed,
)
from stabilitylab import problems
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.data.problem import Decimals
from stabilitylab.problems.nist import certified


@pytest.mark.parametrize("name", SETS)
def test_the_exact_solution_of_the_decimals_is_every_certified_digit(name):
    assert mismatches(exact(name), printed(certified(name))) == KNOWN_MISPRINTS.get(name, set())


@settings(derandomize=True, max_examples=200)
@given(st.sampled_from(sorted(SETS)), st.integers(0, 30), st.integers(0, 30))
def test_one_wrong_digit_of_a_certified_value_is_found(name, which, place):
    published = printed(certified(name))
    keys = sorted(
        key for key, text in published.items() if text != "Infinity" and key not in KNOWN_MISPRINTS.get(name, ())
    )
    key = keys[which % len(keys)]
    wrong = published | {key: another_digit(published[key], place)}
    assert key in mismatches(exact(name), wrong)


@settings(derandomize=True, max_examples=40)
@given(st.sampled_from(sorted(SETS)), st.integers(0, 100), st.integers(0, 6))
def test_one_wrong_last_digit_of_the_data_is_found(name, row, column):
    problem = problems.get(name)()
    key = list(problem.data)[column % len(problem.data)]
    values = problem.data[key]
    assert isinstance(values, Decimals)
    integers = list(values.integers)
    integers[row % len(integers)] += 1
    corrupted = dataclasses.replace(problem, data={**problem.data, key: Decimals(tuple(integers), values.exponent)})
    wrong = mismatches(exact_statistics(corrupted), printed(certified(name)))
    assert any(key.startswith("estimate") for key in wrong)


@pytest.mark.parametrize(("name", "expected"), SETS.items())
def test_each_set_has_the_size_and_the_difficulty_of_nists_index(name, expected):
    problem, (m, n, difficulty) = problems.get(name)(), expected
    assert problem.shape == problem.A.shape == (m, n)
    assert problem.tags & {"lower", "average", "higher"} == {difficulty}
    assert problem.name == name
    assert problem.source == problems.entry(name).label.source
    assert len(certified(name).estimates) == len(certified(name).standard_deviations) == n


def test_an_exact_fit_is_certified_with_standard_deviations_of_zero_and_an_infinite_f():
    for name in ("nist.wampler1", "nist.wampler2"):
        values = certified(name)
        assert {Decimal(v) for v in values.standard_deviations} == {0}
        assert Decimal(values.residual_standard_deviation) == 0
        assert values.f_statistic == "Infinity"


def test_every_nist_problem_is_in_the_table_of_this_test():
    assert {name for name in problems.names() if name.startswith("nist.")} == set(SETS)


@pytest.mark.parametrize("name", ["nist.unknown", "longley", "synthetic.randsvd"])
def test_a_problem_without_certified_values_is_refused_by_name(name):
    with pytest.raises(UnknownNameError, match=r"nist\.longley"):
        certified(name)
