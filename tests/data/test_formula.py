"""The grammar of formulas: what each form means, what is refused and where, and that nothing is ever evaluated."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from formula_tables import M, mixed_table
from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.errors import InputError, NotNumericError, UnknownNameError
from stabilitylab.data.arithmetic import Calculated, Constant
from stabilitylab.data.design import (
    Category,
    Centred,
    Columns,
    Design,
    Elapsed,
    Exp,
    Intercept,
    Labels,
    Log,
    Power,
    Product,
    Scaled,
    Sqrt,
)
from stabilitylab.data.formula import columns_read, formula_of
from stabilitylab.data.logarithms import Log1p, Log2, Log10
from stabilitylab.data.polynomial import OrthogonalPolynomial
from stabilitylab.data.table import Table, table_of
from stabilitylab.data.terms import Crossed

TABLE = mixed_table()
ONE = Intercept()
A, B = Category("a", rule="first alphabetically"), Category("b", rule="first alphabetically")
A_FULL, B_FULL = Category("a", "full"), Category("b", "full")
ALL = ("x", "z", "my col", A, B, "k")

MEANS = {
    "y ~ x": (ONE, "x"),
    "y~1": (ONE,),
    "y ~ x - 1": ("x",),
    "y ~ 0 + x": ("x",),
    "y ~ -1 + x + 1": (ONE, "x"),
    "y ~ x - 0": (ONE, "x"),
    "y ~ .": (ONE, *ALL),
    "y ~ . - a - b - `my col`": (ONE, "x", "z", "k"),
    "y ~ x + x + x": (ONE, "x"),
    "y ~ x:z": (ONE, Product("x", "z")),
    "y ~ z:x + x:z": (ONE, Product("z", "x")),
    "y ~ x*z": (ONE, "x", "z", Product("x", "z")),
    "y ~ x*z - x": (ONE, "z", Product("x", "z")),
    "y ~ (x + z + k)^2 - x:z": (ONE, "x", "z", "k", Product("x", "k"), Product("z", "k")),
    "y ~ x/z": (ONE, "x", Product("x", "z")),
    "y ~ (x + k) %in% z": (ONE, Product("x", "z"), Product("k", "z")),
    "y ~ x^2": (ONE, "x"),
    "y ~ x:z:x": (ONE, Product("x", "z")),
    "y ~ I(x^2) + I(z**3)": (ONE, Power("x", 2), Power("z", 3)),
    "y ~ I(x)": (ONE, "x"),
    "y ~ poly(x, 3)": (ONE, OrthogonalPolynomial("x", 3)),
    "y ~ poly(x, degree=2)": (ONE, OrthogonalPolynomial("x", 2)),
    "y ~ poly(x, 3, raw)": (ONE, "x", Power("x", 2), Power("x", 3)),
    "y ~ poly(x, 2, raw=TRUE)": (ONE, "x", Power("x", 2)),
    "y ~ poly(x, 2, raw = False)": (ONE, OrthogonalPolynomial("x", 2)),
    "y ~ log(z) + log2(z) + log10(z)": (ONE, Log("z"), Log2("z"), Log10("z")),
    "y ~ np.log(z) + numpy.exp(x) + np.sqrt(x)": (ONE, Log("z"), Exp("x"), Sqrt("x")),
    "y ~ log1p(x)": (ONE, Log1p("x")),
    "y ~ log(x + 1)": (ONE, Log(Calculated("x", "+", Constant("1")))),
    "y ~ log(z)^2": (ONE, Log("z")),
    "y ~ I(log(z)^2)": (ONE, Power(Log("z"), 2)),
    "y ~ center(x) + elapsed(z)": (ONE, Centred("x"), Elapsed("z")),
    "y ~ scale(x)": (ONE, Scaled(Centred("x"), "sd")),
    "y ~ standardize(x)": (ONE, Scaled(Centred("x"), "population sd")),
    "y ~ I((x - 1970)/10)": (ONE, Calculated(Calculated("x", "-", Constant("1970")), "/", Constant("10"))),
    "y ~ I(-x^2)": (ONE, Calculated(Constant("-1"), "*", Power("x", 2))),
    "y ~ I(x*-2)": (ONE, Calculated("x", "*", Constant("-2"))),
    'y ~ "my col"': (ONE, "my col"),
    "y ~ 'my col' + x": (ONE, "my col", "x"),
    'y ~ Q("my col"):x': (ONE, Product("my col", "x")),
    "y ~ I(`my col`^2)": (ONE, Power("my col", 2)),
    "y ~ a": (ONE, A),
    "y ~ a - 1": (A_FULL,),
    "y ~ a + b - 1": (A_FULL, B),
    "y ~ a*b": (ONE, A, B, Crossed(A, B)),
    "y ~ a:b": (ONE, Crossed(A_FULL, B_FULL)),
    "y ~ a + a:b": (ONE, A, Crossed(A_FULL, B)),
    "y ~ x + x:a": (ONE, "x", Product("x", A)),
    "y ~ x:a": (ONE, Product("x", A_FULL)),
    "y ~ C(k)": (ONE, Category("k", rule="first alphabetically")),
    "y ~ factor(k)": (ONE, Category("k", rule="first alphabetically")),
    "y ~ C(a, ref=q)": (ONE, Category("a", reference="q")),
    "y ~ C(k, ref=9.0)": (ONE, Category("k", reference="9")),
    'y ~ C(a, Treatment(reference="q"))': (ONE, Category("a", reference="q")),
    'y ~ C(a, Treatment("q"))': (ONE, Category("a", reference="q")),
    "y ~ C(k, contr.treatment(base=2))": (ONE, Category("k", reference="10")),
    'y ~ relevel(a, ref="r")': (ONE, Category("a", reference="r")),
    "y ~ relevel(factor(k), ref=100)": (ONE, Category("k", reference="100")),
    "y ~ C(a, contr.SAS)": (ONE, Category("a", rule="last alphabetically")),
    "y ~ C(a, sum)": (ONE, Category("a", "sum", rule="last alphabetically")),
    "y ~ C(a, Sum)": (ONE, Category("a", "sum", rule="last alphabetically")),
    "y ~ C(a, contr.sum, ref=p)": (ONE, Category("a", "sum", "p")),
}


@pytest.mark.parametrize("text", MEANS)
def test_a_formula_means_this_design(text):
    formula = formula_of(text, TABLE)
    assert formula.design == Design.of(*MEANS[text])
    assert formula.response == "y"
    assert formula_of(str(formula), TABLE).design == formula.design


def test_weights_stand_behind_a_comma():
    formula = formula_of("y ~ . - a, weights = `my col`", TABLE)
    assert formula.weights == "my col"
    assert formula.design == Design.of(ONE, "x", "z", B, "k")
    assert formula_of(str(formula), TABLE) == formula
    assert formula_of("y ~ x", TABLE).weights == ""


def test_the_response_may_be_a_function_of_a_column():
    exact = formula_of("log(x + 1) ~ .", TABLE)
    assert (exact.response, exact.text) == ("log(x + 1)", "log(x + 1) ~ y + z + `my col` + a + b + k")
    assert exact.design == Design.of(ONE, "y", "z", "my col", A, B, "k")
    (feature,) = Log(Calculated("x", "+", Constant("1"))).exact(Columns(M, {"x": TABLE.columns["x"]}, {}))
    assert exact.formed == {"log(x + 1)": feature}
    assert formula_of(str(exact), TABLE) == exact
    # Of stored floats as a program forms it; beside decimals in float64.
    for text, values in (
        ("np.log(z) ~ x", np.log(TABLE.columns["z"])),
        ("z*x ~ x", TABLE.columns["z"] * TABLE.columns["x"].rounded("float64")),
    ):
        formula = formula_of(text, TABLE)
        assert formula.formed[formula.response].tolist() == values.tolist()
    short = Table("t", {"z": np.array([0.1, 2.5], dtype=np.float32), "x": np.array([1.0, 2.0])}, (0, 1))
    assert formula_of("sqrt(z) ~ x", short).formed["sqrt(z)"].dtype == np.float32
    assert formula_of("y ~ x", TABLE).formed == {}


def test_a_response_that_cannot_be_formed_is_refused():
    columns = {"x": np.array([800.0, 1.0]), "exp(x)": np.array([1.0, 2.0])}
    with pytest.raises(InputError, match="has the name of a column of the table"):
        formula_of("exp(x) ~ 1", Table("t", columns, (0, 1)))
    with pytest.raises(InputError, match=r"exp\(x\) overflows float64: rescale the column"):
        formula_of("exp(x) ~ 1", Table("t", {"x": columns["x"]}, (0, 1)))


@pytest.mark.parametrize(
    ("rules", "reference", "sum_leaves_out"),
    [("R", "p", "r"), ("statsmodels", "p", "r"), ("SAS", "r", "r"), ("SPSS", "r", "r")],
)
def test_packages_differ_in_the_reference_level(rules, reference, sum_leaves_out):
    formula = formula_of("y ~ a + C(k)", TABLE, rules=rules)
    assert formula.design.terms[1].reference_level(TABLE.labels["a"]).level == reference
    assert any(f"the reference level of 'a' is '{reference}'" in note and rules in note for note in formula.notes)
    number = {"p": "9", "r": "100"}[reference]
    assert any(f"the reference level of 'k' is '{number}'" in note for note in formula.notes)
    summed = formula_of("y ~ C(a, sum)", TABLE, rules=rules)
    assert any(f"level '{sum_leaves_out}' (last alphabetically) has none of its own" in note for note in summed.notes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("y ~ x^2", "x^2 is the term without the power, as in R and patsy: I(x^2) is the square of x"),
        ("y ~ x + x", "'x' stands more than once and is one term"),
        ("y ~ poly(x, 2)", "poly(x, 2, raw) are powers"),
        ("y ~ scale(x)", "divided by the standard deviation over m - 1 rows, as R does"),
        ("y ~ a:b", "R gives NA for them"),
        ("y ~ a", "features of a category are named column[level]"),
    ],
)
def test_what_was_decided_is_said(text, says):
    assert any(says in note for note in formula_of(text, TABLE).notes)


def test_what_needs_no_word_has_none():
    assert formula_of("y ~ x + log(z) + I(x^2)", TABLE).notes == ()
    assert not any("NA" in note for text in ("y~a*b", "y~a+a:b", "y~a:b-1") for note in formula_of(text, TABLE).notes)


def test_a_locale_may_choose_another_reference_level():
    columns = {"y": Decimals.parse("1234"), "g": Labels(("b", "A", "a", "b"))}
    table = Table("t", {**columns, "h": Labels(("a", "B", "a", "B"))}, (0, 1, 2, 3))
    assert not any("locale" in note for note in formula_of("y ~ g", table).notes)  # A comes before a in both
    assert any("'a' may take the place of 'B': C(h, ref='a')" in note for note in formula_of("y ~ h", table).notes)


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("y ~ x + log(z):C(a, ref=b) - k", ("y", "x", "z", "a", "k")),
        ("y ~ poly(degree=2, x=x) + relevel(a, ref=q)", ("y", "x", "a")),
        ('Q("y") ~ Q("my col") + I((x - z)/-k), weights = w', ("y", "my col", "x", "z", "k", "w")),
        ("y ~ . - x", None),
        ('y ~ "."', ("y", ".")),
    ],
)
def test_the_columns_that_a_formula_reads_are_known_before_the_table(text, needs):
    assert columns_read(text) == needs


def test_the_columns_of_a_long_sum_are_known_too():
    long = [f"x{j}" for j in range(3000)]
    assert columns_read("y ~ " + " + ".join(long)) == ("y", *long)


# --- what is refused

MALFORMED = [
    ("", InputError, "character 1: expected a formula; got the end"),
    ("y", InputError, "character 2: expected ~ behind the response; got the end"),
    ("y ~", InputError, "character 4: expected a column, a function or a bracket; got the end"),
    ("~ x", InputError, "character 1: expected the response in front of ~"),
    ("y ~ x ~ z", InputError, "character 7: expected one ~"),
    ("y ~ x +", InputError, "character 8: expected a column"),
    ("y ~ * x", InputError, "character 5: expected a column, a function or a bracket; got '*'"),
    ("y ~ x z", InputError, "character 7: expected an operator or the end; got 'z': put +"),
    ("y ~ my col", InputError, "a name with blanks in quotes"),
    ("y ~ (x + z", InputError, "character 5: this bracket is never closed: put )"),
    ("y ~ x)", InputError, "character 6: expected an operator or the end; got ')': no bracket is open"),
    ("y ~ log(x", InputError, "character 8: this bracket is never closed"),
    ("lm(y ~ x)", InputError, "write the formula alone"),
    ("y ~ 'my col", InputError, "the quotation mark is never closed"),
    ("y ~ x | k", InputError, "C(group)"),
    ("y ~ x$z", InputError, "without its table"),
    ("y ~ I(x > 2)", InputError, "make a column of 0 and 1"),
    ("y ~ x; z", InputError, "leave out what stands behind it"),
    ("y ~ \x1b[2J", InputError, r"'\x1b' begins nothing"),
    ("y ~ q", UnknownNameError, "character 5: no column is named 'q': the columns are 'y', 'x', 'z', 'my col'"),
    ("y ~ X", UnknownNameError, "did you mean 'x'?"),
    ("y ~ sin(x)", UnknownNameError, "no function is named 'sin' here, and nothing is evaluated"),
    ("y ~ __import__('os')", UnknownNameError, "nothing is evaluated: the functions are log, log2"),
    ("y ~ eval(x)", UnknownNameError, "no function is named 'eval'"),
    ("y ~ log()", InputError, "log needs one argument, the column; got none"),
    ("y ~ log(x, z)", InputError, "log needs one argument"),
    ("y ~ log(a)", NotNumericError, "character 9: column 'a' holds labels, not numbers"),
    ("y ~ I(a*2)", NotNumericError, "column 'a' holds labels"),
    ("y ~ I(x:z)", InputError, "multiply columns by *"),
    ("y ~ I(2)", InputError, "I needs a column; got a number"),
    ("y ~ I(2*3 + x)", InputError, "write the number itself"),
    ("y ~ I(x^0.5)", InputError, "sqrt(x) is the square root"),
    ("y ~ I(x^z)", InputError, "a whole number from 1 to 100"),
    ("y ~ I(1e9999999*x)", InputError, "outside every format"),
    ("y ~ I(.)", InputError, "`.` stands for all columns"),
    ("y ~ poly(x)", InputError, "poly needs a column and a degree"),
    ("y ~ poly(x, 0)", InputError, "the degree of poly must be a whole number from 1 to 100"),
    ("y ~ poly(x, 2, simple=TRUE)", InputError, "poly has the arguments x, degree and raw"),
    ("y ~ poly(x, 2, raw=maybe)", InputError, "raw must be TRUE or FALSE"),
    ("y ~ poly(2, 2)", InputError, "poly needs a column; got a number"),
    ("y ~ log(poly(x, 2))", InputError, "poly is several features"),
    ("y ~ log(C(x))", InputError, "a category is no number"),
    ("y ~ offset(x)", InputError, "subtract it from the response"),
    ("y ~ C(a, ref=zz)", UnknownNameError, "column 'a' has no level 'zz': the levels are 'p', 'q', 'r'"),
    ("y ~ C(a, ref=q, ref=p)", InputError, "named twice"),
    ("y ~ C(a, helmert)", UnknownNameError, "no coding is named 'helmert'"),
    ("y ~ C(a, contr.treatment(base=4))", InputError, "base is the place of a level, from 1 to 3"),
    ("y ~ C(a, foo=1)", InputError, "C has no such argument"),
    ("y ~ C(x + z)", InputError, "a category is made of one column as it is"),
    ("y ~ C()", InputError, "C needs a column"),
    ("y ~ relevel(a)", InputError, "relevel needs the reference level"),
    ("y ~ Q(a)", InputError, 'write Q("my column")'),
    ("y ~ -1", InputError, "no term is left, not even the intercept"),
    ("y ~ 2", InputError, "2 is no term"),
    ("y ~ 3*x", InputError, "a number is no term"),
    ("y ~ (x - x):z", InputError, "one side of ':' has no term"),
    ("y ~ y", InputError, "the response 'y' is among the terms"),
    ("log(y) ~ log(y)", InputError, "character 1: log needs positive numbers; y is 0 in row 0"),
    ("2 ~ x", InputError, "the response must be a column, or a function of one"),
    ("poly(y, 2) ~ x", InputError, "poly is several features"),
    ("C(a) ~ x", InputError, "a category is no number"),
    (". ~ x", InputError, "the response must be one column by its name"),
    ("log(a) ~ x", NotNumericError, "column 'a' holds labels"),
    ("a ~ x", NotNumericError, "the response, column 'a', holds labels"),
    ("y ~ x, weights", InputError, "expected = behind weights"),
    ("y ~ x, data = d", InputError, "expected weights = column behind the comma"),
    ("y ~ x, weights = a", NotNumericError, "the weights, column 'a', holds labels"),
    ("y ~ x, weights = w", UnknownNameError, "no column is named 'w'"),
    ("y ~ x + I(x)", InputError, "the term x stands twice"),
    ("y ~ " + "(" * 99 + "x" + ")" * 99, InputError, "at most 50 brackets in brackets"),
    ("y ~ " + "log(" * 99 + "x" + ")" * 99, InputError, "at most 50 brackets in brackets"),
    ("y ~ I(x" + "+x" * 999 + ")", InputError, "more than 50 operations in operations"),
    ("y ~ x" + "^2" * 99, InputError, "at most 50 powers of powers"),
    ("y ~ " + "x" * 200_000, InputError, "at most 100000 characters"),
]


@pytest.mark.parametrize(("text", "kind", "says"), MALFORMED, ids=[text[:30] for text, _, _ in MALFORMED])
def test_a_malformed_formula_is_refused_with_its_place_and_a_way_out(text, kind, says):
    with pytest.raises(kind) as caught:
        formula_of(text, TABLE)
    message = str(caught.value)
    assert says in message
    assert ":" in message
    assert all(c.isprintable() or c == "\n" for c in message)


def test_the_place_is_marked_under_the_text():
    with pytest.raises(UnknownNameError) as caught:
        formula_of("y ~ x + nope", TABLE)
    assert str(caught.value).splitlines()[1:] == ["    y ~ x + nope", "            ^^^^"]
    with pytest.raises(UnknownNameError) as caught:
        formula_of("y ~ " + "x + " * 100 + "nope" + " + z" * 100, TABLE)
    line, carets = str(caught.value).splitlines()[1:]
    assert line[carets.index("^") : carets.rindex("^") + 1] == "nope"


@pytest.mark.parametrize("rules", ["SAS", "SPSS"])
def test_cells_without_their_margins_are_refused_by_rules_that_code_them_otherwise(rules):
    with pytest.raises(InputError, match=r"codes an interaction without its main effects in its own way"):
        formula_of("y ~ a:b", TABLE, rules=rules)
    assert formula_of("y ~ a:b - 1", TABLE, rules=rules).design == Design.of(Crossed(A_FULL, B_FULL))


def test_sums_without_their_margin_are_refused_by_the_rules_of_statsmodels():
    for text in ("y ~ C(a, sum) - 1", "y ~ C(a, sum):x"):
        with pytest.raises(InputError, match="would have a column of ones and its sums here, in statsmodels"):
            formula_of(text, TABLE, rules="statsmodels")
    assert formula_of("y ~ C(a, sum) - 1", TABLE).design == Design.of(A_FULL)


def test_what_is_no_formula_and_no_rule_is_refused():
    with pytest.raises(InputError, match="a formula must be a text; got 3"):
        formula_of(3, TABLE)
    with pytest.raises(InputError, match="rules must be"):
        formula_of("y ~ x", TABLE, rules="Stata")


def test_a_column_that_names_the_rows_and_too_many_features_are_refused():
    columns = {"y": np.arange(200.0), "id": Labels(tuple(map(str, range(200)))), "k": np.arange(200.0) % 190}
    table = Table("t", columns, tuple(range(200)))
    with pytest.raises(InputError, match=r"column 'id' has another level in each of the 200 rows.*`\. - id`"):
        formula_of("y ~ .", table)
    table = Table("t", {**columns, "l": np.arange(200.0) // 1.5}, tuple(range(200)))
    with pytest.raises(InputError, match=r"these are \d+ features, more than 20000"):
        formula_of("y ~ C(k):C(l)", table)
    one = Table("t", {**columns, "one": Labels(("c",) * 200)}, tuple(range(200)))
    with pytest.raises(InputError, match="column 'one' has the one level 'c', a constant"):
        formula_of("y ~ one", one)


def test_a_name_may_hold_anything():
    strange = [
        "`",
        "a\\b",
        "<script>",
        "x + z",
        "\n",
        "'",
        '"',
        "~",
        "log",
        "weights",
        ".",
        "..",
        "TRUE",
        "é",
        "2x",
        "",
    ]
    columns = {name: np.arange(5.0) + j for j, name in enumerate(strange)}
    table = Table("t", {**columns, "y": np.arange(5.0)}, tuple(range(5)))
    formula = formula_of("y ~ .", table)
    assert formula.design == Design.of(ONE, *strange)
    assert formula_of(str(formula), table) == formula


# --- any text

PIECES = """
y x z a b k `my` 'my col' my 0 1 2 -1 1e5 .5 . ~ ~ + + - * : / ^ ** ( ) ( ) , = %in% log( I( poly( C( Q( ref= sum
weights raw TRUE scale( np.exp( relevel( Treatment( | [ ² é
"""
PIECES = st.sampled_from([*PIECES.split(), "\\", "\x00"])
TEXTS = st.one_of(
    st.text(max_size=30),
    st.lists(PIECES, max_size=14).map(" ".join),
    st.lists(PIECES, max_size=14).map(lambda pieces: "y ~ " + "".join(pieces)),
)


@settings(max_examples=400)
@given(text=TEXTS, rules=st.sampled_from(["R", "statsmodels", "SAS"]))
@example(text="y ~ x^(1)", rules="R")
@example(text="y ~ ٣", rules="R")
def test_any_text_is_a_design_or_an_error_of_ours(text, rules):
    try:
        formula = formula_of(text, TABLE, rules=rules)
    except (InputError, UnknownNameError):
        return
    assert formula_of(str(formula), TABLE, rules=rules).design == formula.design
    assert len(TABLE.columns["y"]) == M


EXPRESSIONS = st.recursive(
    st.sampled_from(["x", "z", "a", "b", "k", "`my col`", "C(k)", "log(z)", "poly(x, 2)", "I(x^2)", "C(a, sum)"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["+", "*", ":", "/", "-", "%in%"]), inner),
    max_leaves=6,
)


@settings(max_examples=150)
@given(text=EXPRESSIONS, end=st.sampled_from(["", " - 1"]), rules=st.sampled_from(["R", "statsmodels"]))
def test_a_formula_printed_and_parsed_again_is_the_same(text, end, rules):
    try:
        formula = formula_of(f"y ~ {text}{end}", TABLE, rules=rules)
    except InputError:
        return
    again = formula_of(str(formula), TABLE, rules=rules)
    assert (again.design, str(again)) == (formula.design, str(formula))


def test_the_intercept_inside_a_bracket_that_is_taken_away_is_refused():
    table = table_of({"x": ["1", "2"], "z": ["1", "3"], "y": ["1", "2"]})
    with pytest.raises(InputError, match="one by one"):
        formula_of("y ~ x - (z - 1)", table)
    assert not formula_of("y ~ x + (z - 1)", table).design.intercept
    assert formula_of("y ~ x - (z + z:x)", table).design.intercept
