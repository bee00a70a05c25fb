"""Changes that bring digits back: each scored, and its lines run as they are printed; none for a healthy answer."""

import ast
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from own_tables import (
    as_a_user_has,
    calibration,
    healthy,
    income_beside_a_rate,
    nanosecond_stamps,
    of_problem,
    question,
    raw_powers,
    response_beyond_float64,
    thermometers,
)
from stabilitylab import problems
from stabilitylab.bench import lacks, route, solve
from stabilitylab.bench.causes import Found
from stabilitylab.core.errors import OutOfRangeError
from stabilitylab.core.types import Solution, Status
from stabilitylab.data.design import Category
from stabilitylab.data.problem import Design, Labels
from stabilitylab.data.terms import Intercept
from stabilitylab.diagnosis import fixes
from stabilitylab.diagnosis.digits import digits_of, worst
from stabilitylab.diagnosis.fixes import fixes_of
from stabilitylab.diagnosis.fixes.support.case import Case, Change
from stabilitylab.diagnosis.fixes.support.code import CALLS, R_CALLS, Python, language_of
from stabilitylab.diagnosis.fixes.support.literals import in_r
from stabilitylab.diagnosis.question import Call


def called(name, asked):
    if lacks(name):
        pytest.skip(lacks(name))
    entry, weights = route(name), asked.float_weights
    return Call(name, solve(entry, asked.problem, weights=None if weights is None else weights.tolist()), entry)


def fixed(name, asked, causes=()):
    return fixes_of(asked, called(name, asked), causes)


def run(line, asked):
    """x of the lines of a program, given the table of the person."""
    # What reads decimals is given the text.
    text = "F(str(v))" in line or "sl.Decimals" in line
    scope = {"df": as_a_user_has(asked, text=text)}
    exec(line, scope)
    return np.asarray(scope["x"], dtype=np.float64)


def longley():
    return of_problem(problems.catalog.entry("nist.longley").function())


def cause(code):
    return (Found(code, "", "error", ""),)


# --- the printed lines are what was scored

LOST = [
    ("numpy.lstsq", nanosecond_stamps),
    ("numpy.solve_normal", nanosecond_stamps),
    ("scipy.lstsq_gelsd", nanosecond_stamps),
    ("statsmodels.OLS", nanosecond_stamps),
    ("numpy.lstsq", calibration),
    ("numpy.polyfit", calibration),
    ("scipy.lstsq_gelsy", calibration),
    ("sklearn.LinearRegression", calibration),
    ("statsmodels.OLS", calibration),
    ("numpy.lstsq", income_beside_a_rate),
    ("sklearn.LinearRegression", income_beside_a_rate),
    ("statsmodels.OLS", income_beside_a_rate),
    ("numpy.solve_normal", raw_powers),
    ("numpy.lstsq", response_beyond_float64),
    ("scipy.linregress", response_beyond_float64),
]


@pytest.mark.parametrize(("name", "table"), LOST)
def test_every_printed_line_gives_the_digits_that_it_claims(name, table):
    asked = table()
    found = fixed(name, asked)
    assert found
    for one in found:
        assert one.digits_after >= one.digits_before + 1
        if "# x: " in one.line:
            continue
        assert worst(digits_of(run(one.line, asked), asked.fit())) == pytest.approx(one.digits_after, abs=1e-6), one


def test_a_line_that_is_wrong_is_seen():
    asked = nanosecond_stamps()
    (elapsed,) = [one for one in fixed("numpy.lstsq", asked) if one.code == "elapsed"]
    wrong = elapsed.line.replace("x[0] -= ", "x[0] += ")
    assert worst(digits_of(run(wrong, asked), asked.fit())) < elapsed.digits_after - 1


@pytest.mark.parametrize("name", sorted(CALLS))
def test_the_call_as_it_is_written_is_that_of_the_route(name):
    line = Design.line() if route(name).label.call_form == "line" else None
    asked = raw_powers(3) if route(name).label.call_form == "polynomial" else healthy()
    if line is not None:
        t = np.arange(9.0)
        asked = question({"x": t, "y": t + np.cos(t)}, line)
    call = called(name, asked)
    case = Case(asked, call, (), asked.fit(), call.entry, 0.0)
    assert run("\n".join(Python().call(case, {})), asked).tolist() == call.solution.x.tolist()


def test_every_call_that_is_written_is_of_the_catalogue():
    assert all(route(name).label.name == name for name in [*CALLS, *R_CALLS])


# --- what mends what


def codes(found):
    return [one.code for one in found]


def test_stamps_in_nanoseconds_are_measured_from_the_first():
    best = fixed("numpy.lstsq", nanosecond_stamps())[0]
    assert best.code == "elapsed"
    assert best.same_coefficients
    assert best.digits_before < 1 < 14 < best.digits_after
    assert 'd["stamp"] - d["stamp"][0]' in best.line
    assert "intercept is led back" in best.says


def test_stamps_as_floats_have_lost_what_no_origin_brings_back():
    asked = nanosecond_stamps()
    stored = question({name: asked.problem.column(name) for name in asked.problem.data})
    before = worst(digits_of(np.asarray(stored.fit().x), asked.fit()))
    assert before < 7  # of the stamps as they are written, the best that floats allow
    (elapsed,) = [one for one in fixed("numpy.lstsq", stored) if one.code == "elapsed"]
    assert elapsed.digits_after > 14  # of the stamps as they are stored


def test_a_calibration_is_fitted_in_a_mapped_variable():
    found = fixed("numpy.lstsq", calibration())
    (mapped,) = [one for one in found if one.code == "mapped"]
    assert mapped.digits_after > 8
    assert "Fraction" in mapped.line
    assert "rationals" in mapped.says


def test_coefficients_led_back_in_floating_point_would_lose_digits():
    asked = calibration()
    (mapped,) = [one for one in fixed("numpy.lstsq", asked) if one.code == "mapped"]
    rational = "F(x[j]) * comb(j, k) * F(-c) ** (j - k) / F(s) ** j"
    assert rational in mapped.line
    inexact = mapped.line.replace(rational, "float(x[j]) * comb(j, k) * (-c) ** (j - k) / s**j")
    assert worst(digits_of(run(inexact, asked), asked.fit())) < mapped.digits_after + 0.1


def test_a_cut_off_is_lowered():
    found = fixed("numpy.lstsq", income_beside_a_rate(), cause("SL101"))
    assert found[0].code == "cut-off"
    assert "rcond=0" in found[0].line
    assert "rank cut-off" in found[0].sentence
    assert "rescale" in codes(found)


def test_columns_are_rescaled():
    (rescale,) = [one for one in fixed("numpy.lstsq", income_beside_a_rate()) if one.code == "rescale"]
    assert 'd["income"] / 1000000000000.0' in rescale.line
    assert rescale.digits_after > 12


def test_the_gram_matrix_is_not_formed():
    found = fixed("numpy.solve_normal", raw_powers(), cause("SL102"))
    (other,) = [one for one in found if one.code == "without-gram"]
    assert "does not form the Gram matrix" in other.sentence


def test_no_call_that_forms_the_gram_matrix_is_advised():
    for name in ("numpy.lstsq", "numpy.solve_normal", "sklearn.LinearRegression"):
        for table in (nanosecond_stamps, calibration, income_beside_a_rate, raw_powers):
            asked = table()
            others = list(Case(asked, called(name, asked), (), asked.fit(), route(name), 0.0).others())
            assert others
            assert not [one.label.name for one in others if one.label.law == "normal" or "cholesky" in one.label.name]


def test_a_shorter_format_is_left():
    rng = np.random.default_rng(13)
    t = 20 + 5 * rng.normal(size=60)
    s = t + 0.01 * rng.normal(size=60)
    data = {"t": t, "s": s, "y": 3 * t + 50 * s + 1e-3 * rng.normal(size=60)}
    narrow = question({name: v.astype("float32") for name, v in data.items()}, format="float32")
    (wide,) = [one for one in fixed("scipy.lstsq_gelsd", narrow) if one.code == "float64"]
    assert wide.digits_after > 8
    assert "np.float64" in wide.line
    assert worst(digits_of(run(wide.line, narrow), narrow.fit())) == pytest.approx(wide.digits_after, abs=1e-6)


def test_a_response_that_was_stored_without_digits_is_read_again():
    found = fixed("numpy.lstsq", response_beyond_float64(), cause("SL202"))
    assert set(codes(found)) == {"read-exactly", "decimals"}  # nothing that works on the stored numbers
    assert found[0].digits_after > 13


def test_weights_are_kept():
    asked = nanosecond_stamps()
    w = np.arange(1.0, 41.0)
    weighted = question(dict(asked.problem.data), weights=w, weights_name="w")
    found = fixed("statsmodels.WLS", weighted)
    assert found[0].code == "elapsed"
    for one in found:
        assert worst(digits_of(run(one.line, weighted), weighted.fit())) == pytest.approx(one.digits_after, abs=1e-6)


def test_a_design_of_other_terms_is_prepared_and_called_as_before():
    asked = nanosecond_stamps()
    group = np.arange(40) % 2.0
    design = Design.of(Intercept(), "stamp", "group")
    plain = question({**asked.problem.data, "group": group}, design)
    from stabilitylab.data.design import Product

    product = Design.of(Intercept(), "stamp", "group", Product("group", "group2"))
    other = question({**asked.problem.data, "group": group, "group2": np.cos(np.arange(40.0))}, product)
    assert "# x: " not in fixed("numpy.lstsq", plain)[0].line
    best = fixed("numpy.lstsq", other)[0]
    assert best.code == "elapsed"
    assert 'df["stamp"] = d["stamp"] - d["stamp"][0]\n# x: the coefficients of the same call as before' in best.line


def test_another_call_on_a_design_of_other_terms_is_written_on_its_matrix():
    asked = income_beside_a_rate()
    group = Labels(tuple("ab"[k % 2] for k in range(50)))
    design = Design.of(Intercept(), "income", "rate", Category("group"))
    found = fixed("numpy.lstsq", question({**asked.problem.data, "group": group}, design))
    (again,) = [one for one in found if one.code == "another-route"]
    assert again.line.splitlines()[0].startswith("# A is the design matrix")
    assert again.line.splitlines()[1] == "x = np.linalg.lstsq(A, y, rcond=0)[0]"


# --- dependent columns: only another question has digits


def test_an_exactly_dependent_column_is_left_out():
    group = np.arange(12) % 3
    asked = question({**{name: (group == k) * 1.0 for k, name in enumerate("abc")}, "y": np.cos(np.arange(12.0))})
    (drop,) = fixed("numpy.lstsq", asked)
    assert drop.code == "drop-dependent"
    assert not drop.same_coefficients
    assert "Leave out c" in drop.sentence
    assert drop.digits_after > 12
    less = question({name: v for name, v in asked.problem.data.items() if name != "c"})
    assert worst(digits_of(run(drop.line, asked), less.fit())) == pytest.approx(drop.digits_after, abs=1e-6)


def test_columns_that_rounding_alone_tells_apart_get_no_digits_from_a_better_solver():
    rng = np.random.default_rng(9)
    u, v = rng.normal(size=(2, 50))
    asked = question({"u": u, "v": v, "z": u + 0.7 * v, "y": rng.normal(size=50)})
    assert codes(fixed("numpy.lstsq", asked)) == ["drop-dependent"]


# --- nothing to mend


@pytest.mark.parametrize("table", [healthy, thermometers, longley, lambda: income_beside_a_rate(size=1e2)])
@pytest.mark.parametrize("name", ["numpy.lstsq", "numpy.solve_normal", "sklearn.LinearRegression", "statsmodels.OLS"])
def test_a_healthy_answer_has_nothing_to_mend(name, table):
    assert fixed(name, table()) == ()


def test_a_change_that_gains_nothing_is_not_a_fix(monkeypatch):
    asked = raw_powers()
    call = called("numpy.solve_normal", asked)
    truth = np.asarray(asked.fit().x)

    def planted(case):
        yield Change("same", "", "", lambda: np.asarray(call.solution.x))
        yield Change("worse", "", "", lambda: truth * 0)
        yield Change("nothing", "", "", lambda: None)
        yield Change("better", "", "", lambda: truth)
        raise OutOfRangeError("a changed column overflows")

    def best(case):
        yield Change("best", "", "", lambda: truth)

    monkeypatch.setattr(fixes, "_modules", lambda: ((3, planted), (2, best)))
    assert codes(fixes_of(asked, call, ())) == ["best", "better"]


@pytest.mark.parametrize(
    ("simple", "supported", "first"), [(12.2, 15.0, "simple"), (11.8, 15.0, "better"), (8.5, 5.0, "simple")]
)
def test_of_changes_within_a_digit_or_beyond_the_data_the_simpler_comes_first(monkeypatch, simple, supported, first):
    asked = raw_powers()
    call = called("numpy.solve_normal", asked)

    def of_code(code):
        return lambda case: [Change(code, "", "", lambda: None)]

    monkeypatch.setattr(fixes, "_modules", lambda: ((1, of_code("simple")), (5, of_code("better"))))
    monkeypatch.setattr(Case, "score", lambda case, change: 13.1 if change.code == "better" else simple)
    monkeypatch.setattr(type(asked.fit()), "supported_digits", np.full(len(asked.names), supported))
    assert codes(fixes_of(asked, call, ()))[0] == first


def test_polynomials_in_a_mapped_variable_come_late_where_a_straight_line_is_fitted():
    found = fixed("numpy.lstsq", nanosecond_stamps())
    (place,) = [k for k, one in enumerate(found) if "np.polynomial" in one.line]
    assert {"elapsed", "centre"} <= set(codes(found[:place])), "although these keep no more digits than it does"
    assert "np.polynomial" in fixed("numpy.lstsq", calibration())[0].line, "of degree 10 they are the way"


# --- answers from elsewhere


def test_an_answer_of_a_model_is_mended_in_its_library():
    asked = income_beside_a_rate()
    own = called("sklearn.LinearRegression", asked)
    found = fixes_of(asked, Call("sklearn.linear_model.LinearRegression", own.solution), ())
    assert "LinearRegression" in found[0].line


def test_an_answer_from_nowhere_gets_the_certified_solver_alone():
    asked = nanosecond_stamps()
    found = fixes_of(asked, Call("SAS", Solution(np.array([1.0, 2.0]), Status.SOLVED)), ())
    assert set(codes(found)) == {"decimals", "certified"}


def test_a_call_without_an_answer_can_be_mended():
    asked = nanosecond_stamps()
    found = fixes_of(asked, Call("numpy.lstsq", Solution(None, Status.REFUSED), route("numpy.lstsq")), ())
    assert found[0].code == "elapsed"
    assert found[0].digits_before == 0.0


# --- names


HOSTILE = '"] + print("x") + d["\n\\\u202e'


def test_a_name_from_a_table_is_never_code():
    asked = nanosecond_stamps()
    data = {HOSTILE: asked.problem.data["stamp"], "y": asked.problem.data["y"]}
    named = question(data)
    for one in fixed("numpy.lstsq", named):
        texts = {node.value for node in ast.walk(ast.parse(one.line)) if isinstance(node, ast.Constant)}
        assert HOSTILE in texts
        assert "\u202e" not in one.line
        assert worst(digits_of(run(one.line, named), named.fit())) == pytest.approx(one.digits_after, abs=1e-6)


def test_a_name_is_text_in_r_too():
    assert in_r('a"] + q(); "\\\n') == '"a\\"] + q(); \\"\\\\\\U0000000a"'


def test_r_reads_its_lines():
    asked = income_beside_a_rate()
    asked = question({'in"come\n': asked.problem.data["income"], "rate": asked.problem.data["rate"],
                      "y": asked.problem.data["y"]})  # fmt: skip
    call = called("r.lm", asked)
    if shutil.which("Rscript") is None:
        pytest.skip("no R here")
    case = Case(asked, call, (), asked.fit(), call.entry, 0.0)
    language = language_of(call.entry)
    written = {name: f"{language.column(name)} - {language.mean(name)}" for name in asked.problem.regressors}
    lines = language.call(case, written)
    lines += [language.moved(j, language.mean(name)) for name, j in case.positions.items()]
    columns = ", ".join(
        f"{in_r(name)} = c({', '.join(map(repr, v.tolist()))})" for name, v in asked.problem.data.items()
    )
    program = "\n".join([f"df <- data.frame({columns}, check.names = FALSE)", *lines, 'cat(sprintf("%.17g", x))'])
    done = subprocess.run(["Rscript", "--vanilla", "-e", program], capture_output=True, text=True, check=True)
    x = np.array([float(v) for v in done.stdout.split()])
    assert worst(digits_of(x, asked.fit())) > 10


@pytest.mark.parametrize("mark", [".", ","])
def test_the_table_is_read_as_it_was(tmp_path, monkeypatch, mark):
    pytest.importorskip("pandas")
    asked = nanosecond_stamps()
    text = {name: [v.replace(".", mark) for v in values] for name, values in as_a_user_has(asked, text=True).items()}
    rows = [";".join(text), *(";".join(row) for row in zip(*text.values(), strict=True)), "1;"]
    (tmp_path / "stamps.csv").write_text("\n".join(rows), "utf-8")
    monkeypatch.chdir(tmp_path)
    code = f"pandas.read_csv('stamps.csv', sep=';', decimal={mark!r})"
    read = replace(asked, table=replace(asked.table, code=code, rows_left_out=1))
    for one in fixed("numpy.lstsq", read):
        scope = {}
        exec(one.line, scope)
        assert worst(digits_of(np.asarray(scope["x"]), asked.fit())) == pytest.approx(one.digits_after, abs=1e-6)
