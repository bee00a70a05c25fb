"""What a table, a target and columns or a formula ask; and what is refused, with the place and the way out."""

import numpy as np
import pytest

from stabilitylab.core.errors import InputError, StabilityLabError, UnknownNameError
from stabilitylab.diagnosis.asked import asked

TABLE = {
    "x": ["1.10", "2.20", "3.30", "4.70", "5.5", "6.1"],
    "g": ["a", "b", "a", "b", "a", "b"],
    "who": ["p", "q", "r", "s", "t", "u"],
    "w": ["1", "2", "1", "2", "1", "2"],
    "y": ["1", "2", "4", "4", "5", "7"],
}


def test_every_other_column_explains_the_target_with_an_intercept():
    question = asked({name: TABLE[name] for name in ("x", "w", "y")}, target="y")
    assert question.names == ("intercept", "x", "w")
    assert question.title == "y on x, w"


def test_texts_become_a_category_and_that_is_said():
    question = asked(TABLE, target="y", columns=["x", "g"])
    assert question.names == ("intercept", "x", "g[b]")
    assert any("g holds 2 texts" in note and "'a'" in note for note in question.table.notes)


def test_without_an_intercept():
    assert asked(TABLE, target="y", columns=["x"], intercept=False).names == ("x",)


def test_weights_are_no_regressor_and_move_the_fit():
    question = asked({name: TABLE[name] for name in ("x", "w", "y")}, target="y", weights="w")
    assert question.names == ("intercept", "x")
    heavy = {"x": [*TABLE["x"], *TABLE["x"][1::2]], "y": [*TABLE["y"], *TABLE["y"][1::2]]}
    assert question.fit().x.tolist() == asked(heavy, target="y").fit().x.tolist()
    assert question.float_weights.tolist() == [1, 2, 1, 2, 1, 2]


def test_decimals_are_exact_and_floats_are_their_bits():
    exact = asked(TABLE, target="y", columns=["x"])
    floats = asked({name: np.array(TABLE[name], dtype=float) for name in ("x", "y")}, target="y")
    assert exact.fit("decimal").x.tolist() != floats.fit("decimal").x.tolist()
    assert exact.fit("data").x.tolist() == floats.fit("decimal").x.tolist()


def test_a_formula_names_everything():
    question = asked(TABLE, formula="y ~ x + C(g) - 1")
    assert question.names[0] == "x"
    assert question.formula


def test_a_flaw_in_a_column_that_is_not_used_does_no_harm():
    table = {**TABLE, "g": ["a", None, "a", "b", "a", "b"]}
    for options in ({"target": "y", "columns": ["x"]}, {"formula": "y ~ poly(x, 2)"}):
        assert asked(table, **options).table.rows == 6
    with pytest.raises(InputError, match="missing"):
        asked(table, formula="y ~ x + g")
    assert asked(table, formula="y ~ x + g", missing="drop").table.rows_left_out == 1
    with pytest.raises(UnknownNameError, match="no column is named 'xx'"):
        asked(TABLE, formula="y ~ xx")


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({}, InputError, "target"),
        ({"target": "yy"}, UnknownNameError, "'y'"),
        ({"target": "y", "columns": ["xx"]}, UnknownNameError, "'x'"),
        ({"target": "y", "columns": "x,w"}, InputError, r"columns=\['x', 'w'\]"),
        ({"target": "y", "columns": ["x", "y"]}, InputError, "leave it out"),
        ({"target": "y", "columns": [], "intercept": False}, InputError, "keep the intercept"),
        ({"target": "g", "columns": ["x"]}, InputError, "holds texts"),
        (
            {"target": "y"},
            InputError,
            r"column 'who' \(6\) holds too many.* 6 rows.*columns=\['x', 'g', 'w'",
        ),
        ({"target": "y", "formula": "y ~ x"}, InputError, "leave out target"),
        ({"formula": "y ~ x", "intercept": False}, InputError, "y ~ x - 1"),
        ({"target": "y", "columns": ["x"], "weights": "v"}, UnknownNameError, "no column is named 'v'"),
        ({"target": "y", "columns": ["x"], "weights": "g"}, InputError, "cannot be the weights"),
        ({"target": "y", "columns": ["x"], "weighting": "equal"}, InputError, "weighting"),
        ({"target": "y", "columns": ["x"], "format": "float12"}, StabilityLabError, "float12"),
        ({"formula": "y ~ x + x^2"}, InputError, r"x\^2 means x alone in a formula: write I\(x\^2\)"),
        ({"formula": "y ~ x", "rules": "Excel"}, InputError, "Excel"),
        ({"formula": "y ~ x, weights=w", "weights": "x"}, InputError, "name one"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_way_out(options, kind, says):
    with pytest.raises(kind, match=says):
        asked(TABLE, **options)


def test_mistakes_are_told_together_and_names_before_cells():
    texts = {"y": [1, 2, 3], "a": ["p", "q", "r"], "b": ["u", "v", "w"], "c": [1, 2, 4]}
    with pytest.raises(InputError, match=r"columns 'a' \(3\), 'b' \(3\) hold too many .*columns=\['c'\]"):
        asked(texts, target="y")
    bad = {**TABLE, "g": ["5%"] * 6}
    with pytest.raises(InputError, match="percent"):
        asked(bad, target="y")
    with pytest.raises(UnknownNameError, match=r"no column is named 'Y': did you mean 'y'\?$"):
        asked(bad, target="Y")
    for options in ({"target": "yy", "columns": ["xx"]}, {"target": "yy", "weights": "xx"}, {"formula": "yy ~ xx + x"}):
        for table in (bad, TABLE):
            with pytest.raises(UnknownNameError) as raised:
                asked(table, **options)
            assert "'yy'" in str(raised.value)
            assert "'xx'" in str(raised.value)


def test_a_response_that_is_a_function_becomes_a_column_of_the_question():
    question = asked({"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 4.0]}, formula="log(y) ~ x")
    assert question.problem.response == "log(y)"
    assert question.problem.b.tolist() == np.log([1.0, 2.0, 4.0, 8.0]).tolist()
    assert "log(y)" in question.table.columns
