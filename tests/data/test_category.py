"""Labels and their coding against features written out by hand and by comparison of labels."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import FLOAT32, NATIVE
from stabilitylab.core.errors import EmptyError, InputError
from stabilitylab.data.category import Category
from stabilitylab.data.labels import Labels
from stabilitylab.data.terms import Columns

SETTINGS = settings(max_examples=60)
G = Labels(("pear", "apple", "pear", "fig"))


def coded(term, labels, format=FLOAT32):
    """The names and the features, by columns, which must be the same rounded and exact."""
    columns = Columns(len(labels), {}, {term.column: labels})
    A = term.rounded(columns, format)
    assert A.dtype == format.dtype
    exactly = [list(feature.integers) for feature in term.exact(columns)]
    assert A.T.tolist() == exactly
    assert all(feature.scale == 1 for feature in term.exact(columns))
    return dict(zip(term.names({term.column: labels}), exactly, strict=True))


def test_treatment_and_sum_coding_drop_the_reference_level():
    assert coded(Category("g"), G) == {"g[fig]": [0, 0, 0, 1], "g[pear]": [1, 0, 1, 0]}
    assert coded(Category("g", "sum"), G) == {"g[fig]": [0, -1, 0, 1], "g[pear]": [1, -1, 1, 0]}
    assert coded(Category("g", reference="fig"), G) == {"g[apple]": [0, 1, 0, 0], "g[pear]": [1, 0, 1, 0]}
    by_data = Category("g", rule="first in the data")
    assert coded(by_data, G) == {"g[apple]": [0, 1, 0, 0], "g[fig]": [0, 0, 0, 1]}
    last = Category("g", "sum", rule="last alphabetically")
    assert coded(last, G) == {"g[apple]": [-1, 1, -1, 0], "g[fig]": [-1, 0, -1, 1]}
    full = {"g[apple]": [0, 1, 0, 0], "g[fig]": [0, 0, 0, 1], "g[pear]": [1, 0, 1, 0]}
    assert coded(Category("g", "full"), G) == full
    assert coded(Category("g", "full"), Labels(("a", "a"))) == {"g[a]": [1, 1]}


@pytest.mark.parametrize("format", NATIVE, ids=str)
@SETTINGS
@given(
    values=st.lists(st.text(max_size=3), min_size=2, max_size=8).filter(lambda v: len(set(v)) > 1),
    sum_coding=st.booleans(),
)
def test_every_row_is_told_by_its_features(format, values, sum_coding):
    labels = Labels(tuple(values))
    term = Category("g", "sum" if sum_coding else "treatment")
    features = coded(term, labels, format)
    reference = min(values)
    assert sorted(features) == sorted(f"g[{v}]" for v in set(values) - {reference})
    for row, value in enumerate(values):
        marks = {name: feature[row] for name, feature in features.items()}
        if value == reference:
            assert set(marks.values()) == ({-1} if sum_coding else {0})
        else:
            assert marks == {**dict.fromkeys(marks, 0), f"g[{value}]": 1}


def test_the_rule_that_chose_the_reference_level_is_named():
    assert Category("g").reference_level(G) == ("apple", "first alphabetically")
    assert Category("g", rule="first in the data").reference_level(G) == ("pear", "first in the data")
    assert Category("g", reference="fig").reference_level(G) == ("fig", "given")
    assert Category("g", rule="last alphabetically").reference_level(G) == ("pear", "last alphabetically")
    years = Labels.of_numbers(Decimals((1000, 900, 10000)))
    assert Category("year").reference_level(years) == ("900", "smallest")
    assert Category("year").levels(years) == ("1000", "10000")
    assert Category("year", rule="last alphabetically").reference_level(years) == ("10000", "largest")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Category("g", "dummy"), "coding must be one of treatment, sum, full; got 'dummy'"),
        (lambda: Category("g", "full", "fig"), "coded fully has no reference level; got reference='fig'"),
        (lambda: Category("g", rule="largest"), "rule must be one of given, first in the data, first alphabetically"),
        (lambda: Category("g", rule="given"), "the rule 'given' goes with a reference level"),
        (lambda: Category("g", reference="fig", rule="first in the data"), "any other without; got reference='fig'"),
        (lambda: Category("g", reference="kiwi").names({"g": G}), "one of 'apple', 'fig', 'pear'; got 'kiwi'"),
        (lambda: Category("g").names({"g": Labels(("a", "a"))}), "column 'g' has the one level 'a', a constant"),
        (lambda: Labels(("a", None)), "label 1 is None, which is no text"),
        (lambda: Labels(("1", "one"), numeric=True), "'one' is among numeric labels, and is no number"),
        (lambda: Labels(()), "labels must have at least one row"),
    ],
)
def test_what_cannot_be_coded_is_refused_with_the_levels(make, says):
    with pytest.raises((InputError, EmptyError), match=says):
        make()


def test_levels_come_in_the_order_of_the_data_and_sorted():
    assert G.levels == ("pear", "apple", "fig")
    assert G.sorted_levels == ("apple", "fig", "pear")
    assert len(G) == 4


def test_equal_numbers_are_one_label_however_they_were_stored():
    numbers = [Fraction(5, 2), Fraction(0), Fraction(-300), Fraction(1, 8)]
    columns = [
        np.array([2.5, -0.0, -300.0, 0.125], dtype=dtype)
        for dtype in (np.float16, np.float32, np.float64, np.longdouble)
    ]
    columns += [Decimals((2500, 0, -300000, 125), -3), Decimals.parse(["2.50", "-0", "-3E+2", "0.125"])]
    for column in columns:
        labels = Labels.of_numbers(column)
        assert labels.values == ("2.5", "0", "-300", "0.125")
        assert [Fraction(value) for value in labels.values] == numbers
        assert labels.sorted_levels == ("-300", "0", "0.125", "2.5")
    assert Labels.of_numbers(Decimals((3, 70), 1)).values == ("30", "700")
    assert Labels.of_numbers(ExactColumn((1, 3), Fraction(1, 3))).values == ("1/3", "1")


@SETTINGS
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_numbers_are_told_apart_by_their_labels(values):
    labels = Labels.of_numbers(np.array(values))
    for a, label in zip(values, labels.values, strict=True):
        assert [b == a for b in values] == [other == label for other in labels.values]
        assert float(label) == a
    assert [float(level) for level in labels.sorted_levels] == sorted(set(values))
