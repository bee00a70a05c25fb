"""Answers of several programs: which question each solves, and that none is accused without proof."""

import json
import random
import time
from fractions import Fraction

import numpy as np
import pytest

import stabilitylab as sl
from paths import ROOT
from planted_meanings import curve, mean, planted, printed, sales, sd, solve, trial
from stabilitylab.core.errors import InputError, StabilityLabError
from stabilitylab.data.design import Category, Design
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Table
from stabilitylab.data.terms import Intercept
from stabilitylab.diagnosis.arbitrate import arbitrate, arbitrate_question
from stabilitylab.diagnosis.arbitrate.agreement import Agreement, agreement
from stabilitylab.diagnosis.arbitrate.answers import answers_of
from stabilitylab.diagnosis.arbitrate.features import asked_model
from stabilitylab.diagnosis.arbitrate.meanings import catalog
from stabilitylab.diagnosis.arbitrate.setting import Setting
from stabilitylab.diagnosis.arbitrate.verify import proof_of
from stabilitylab.diagnosis.question import Question

INNOCENT = ("", "SL399")
PLANTED = planted()


@pytest.fixture(scope="module")
def named():
    """What was said about every planted answer, those to one question asked together."""
    questions = {}
    for one in PLANTED:
        questions.setdefault(id(one.question), []).append(one)
    found = {}
    for some in questions.values():
        judged = arbitrate_question(some[0].question, {one.name: one.answer for one in some})
        found.update({one.name: one for one in judged.answers})
    return found


@pytest.mark.parametrize("one", PLANTED, ids=lambda one: one.name)
def test_a_planted_difference_of_meaning_is_named_and_proven(one, named):
    judged = named[one.name]
    assert judged.code == one.code, judged.sentence
    assert set(judged.codes) - {"SL303"} == {one.code} - {"SL303"}  # standardised, a response leaves no intercept
    for found in judged.found:
        assert found.witness["certified by lstsq"]
        assert found.witness["normal equations hold in rationals"]
    assert judged.digits >= 5
    assert judged.chance >= 3


def test_sixty_differences_of_every_kind_are_planted():
    assert len(PLANTED) >= 60
    assert {one.code for one in PLANTED} == {entry.label.code for entry in catalog}


def solution(data, **options):
    """The exact solution of the question asked, in fractions."""
    return solve(data.features(), data.y, data.w, **options)


@pytest.mark.parametrize("digits", [2, 4, 7, 16])
def test_the_truth_rounded_is_right_to_the_digits_printed(digits):
    data = trial(4)
    texts = printed(solution(data), digits)
    found = arbitrate_question(data.question, {"R": texts})["R"]
    assert found.is_right
    assert found.asked_digits == pytest.approx(min(digits, 15.95), abs=1)
    assert all(one.digits >= 1 for one in found.coefficients)
    off = list(texts)
    off[1] = printed([solution(data)[1] * (1 + Fraction(3, 10**digits))], digits)[0]
    worse = arbitrate_question(data.question, {"R": off}, seconds=0)["R"]
    assert worse.digits < digits


def innocent(data, r):
    """Answers to the question asked with arithmetic loss, to none at all, and to questions that are on no list."""
    x = [float(v) for v in solution(data)]
    n, normal = len(x), r.normal
    A = np.array([[float(v) for v in column] for column in data.features()]).T
    y = np.array([float(v) for v in data.y])
    w = np.ones(len(y)) if data.w is None else np.array([float(v) for v in data.w])
    roots = np.sqrt(w)
    H = np.linalg.inv((A * w[:, None]).T @ A)
    along = np.linalg.cholesky((H + H.T) / 2)

    def fit(A, y, roots):
        return np.linalg.lstsq(A * roots[:, None], y * roots, rcond=None)[0]

    some = r.random(len(y)) > 0.3
    skewed = A.copy()
    skewed[:, 1] = np.log(np.abs(skewed[:, 1]) + 1.5)
    penalty = np.diag(r.uniform(0.1, 50, n))
    return {
        "right": x,
        "as float32": fit(A.astype("f"), y.astype("f"), roots.astype("f")),
        **{f"off by {e}": printed(x + 10.0**e * np.linalg.norm(y) * along @ normal(size=n)) for e in (-9, -6, -3, -1)},
        "each off": printed(x * (1 + 1e-3 * normal(size=n))),
        "random": printed(normal(size=n)),
        "random, few digits": printed(normal(size=n) * x, 2),
        "small integers": [str(v) for v in r.integers(-4, 5, n)],
        "one typed wrong": printed(np.where(np.arange(n) == 1, np.array(x) * 1.37, x)),
        "log of y": printed(fit(A, np.log(np.abs(y) + 1), roots)),
        "log of a column": printed(fit(skewed, y, roots)),
        "unknown weights": printed(fit(A, y, np.sqrt(r.uniform(0.5, 2, len(y))))),
        "a third of the rows": printed(fit(A[some], y[some], roots[some])),
        "another penalty for each": printed(np.linalg.solve((A * w[:, None]).T @ A + penalty, (A * w[:, None]).T @ y)),
        "another response": printed(fit(A, y + normal(size=len(y)), roots)),
    }


@pytest.mark.parametrize(
    "data", [trial(21), sales(22, least=0.3), curve(23, m=40, degree=5)], ids=["trial", "sales", "curve"]
)
def test_no_answer_is_accused_of_a_question_that_it_does_not_answer(data):
    given = innocent(data, np.random.default_rng(5))
    found = arbitrate_question(data.question, given, seconds=0.4)
    assert {one.name: one.code for one in found.answers if one.code not in INNOCENT} == {}
    assert found["right"].is_right
    assert found["off by -9"].is_right
    assert {one.name for one in found.answers if one.code == "SL399"} >= {"random", "log of y", "unknown weights"}
    for one in found.answers:
        if one.code == "SL399":
            assert "none of the" in one.sentence
            assert one.found[0].severity == "note"


def test_few_printed_digits_prove_nothing():
    """Answers to other questions, printed to two digits: none may be named wrongly, and chance is what forbids it."""
    by_question = {}
    for one in PLANTED[:18]:
        by_question.setdefault(id(one.question), []).append(one)
    for some in by_question.values():
        short = {one.name: _shortened(one.answer) for one in some}
        found = arbitrate_question(some[0].question, short, seconds=0)
        wrong = {one.name: found[one.name].codes for one in some if found[one.name].code not in (one.code, *INNOCENT)}
        assert wrong == {}


def _shortened(answer):
    short = (lambda text: f"{float(text):.2g}") if answer else str
    return {k: short(v) for k, v in answer.items()} if isinstance(answer, dict) else [short(v) for v in answer]


def test_two_meanings_at_once_are_both_named():
    data = sales(weights=None)
    names = data.names[1:]
    scaled = {k: [(v - mean(data.columns[k])) / sd(data.columns[k]) for v in data.columns[k]] for k in names}
    x = solve(list(scaled.values()), data.y)
    found = arbitrate_question(data.question, {"R": dict(zip(names, printed(x, 8), strict=True))})["R"]
    assert set(found.codes) == {"SL303", "SL304"}
    assert len(found.found) == 2


def test_questions_that_the_digits_do_not_tell_apart_are_all_named():
    """Standardised coefficients are the same with both standard deviations, where the response is divided too."""
    [one] = [one for one in PLANTED if one.name == "SL304 standardised"]
    judged = arbitrate_question(one.question, {"SPSS": one.answer})["SPSS"]
    assert len(judged.ties) == 1
    assert "do not tell these questions apart" in judged.sentence
    assert "(m rows)" in judged.ties[0]
    assert "(m - 1 rows)" in judged.question


# --- the check of a verdict, and faults that it must notice


def _found(one):
    from stabilitylab.diagnosis.arbitrate.search import Workshop, search

    setting = Setting(one.question)
    [answer] = answers_of({"other": one.answer}, one.question.names)
    return setting, search(Workshop(setting), answer).found[0]


@pytest.mark.parametrize("code", ["SL301", "SL304", "SL305", "SL306", "SL308", "SL309"])
def test_a_solution_that_is_not_quite_one_is_noticed(code):
    one = next(one for one in PLANTED if one.code == code)
    setting, found = _found(one)
    assert proof_of(setting, found).holds
    wrong = (found.x[0] + Fraction(1, 10**14), *found.x[1:])
    proof = proof_of(setting, Agreement(found.model, wrong, found.values, found.errors, found.digits))
    assert not proof.certified
    assert not proof.normal_equations
    assert proof.fails
    barely = (found.x[0] + Fraction(1, 10**60), *found.x[1:])
    assert not proof_of(setting, Agreement(found.model, barely, found.values, found.errors, found.digits)).holds


def test_a_verdict_that_cannot_be_verified_is_not_pronounced(monkeypatch):
    one = next(one for one in PLANTED if one.code == "SL308")
    honest = Setting.solved

    def off(self, model):
        x = honest(self, model)
        return x if x is None or not model.differences else tuple(v * (1 + Fraction(1, 10**9)) for v in x)

    monkeypatch.setattr(Setting, "solved", off)
    assert arbitrate_question(one.question, {"R": one.answer}, seconds=0)["R"].code == "SL399"


def test_without_the_test_against_chance_an_innocent_answer_would_be_accused(monkeypatch):
    """One coefficient typed wrong by a factor of 7.3 agrees with other units to 3 digits: chance, of so many units."""
    from stabilitylab.diagnosis.arbitrate import search as module

    data = trial(4)
    x = solution(data)
    texts = [*printed(x[:1], 4), *printed([x[1] * Fraction(3048, 10000)], 3), *printed(x[2:], 4)]
    assert arbitrate_question(data.question, {"R": texts}, seconds=0)["R"].code in INNOCENT
    monkeypatch.setattr(module, "AGAINST_CHANCE", -99.0)
    monkeypatch.setattr(module, "BETTER", 1.0)
    assert arbitrate_question(data.question, {"R": texts}, seconds=0)["R"].code == "SL310"


# --- forms of answers


def test_answers_come_as_vectors_mappings_fits_series_and_files(tmp_path):
    pandas = pytest.importorskip("pandas")
    data = trial(4)
    x = [float(v) for v in solution(data)]
    names = ["(Intercept)", "dose", "age", "C(group)[T.b]", "group[c]", "site_south"]
    (tmp_path / "all.csv").write_text(
        "name;R;SAS\n" + "\n".join(f"{n};{v:.7g};{v:.6g}" for n, v in zip(names, x, strict=True)), "utf-8"
    )
    (tmp_path / "one.csv").write_text("\n".join(f"{n},{v:.7g}" for n, v in zip(names, x, strict=True)), "utf-8")
    given = {
        "list": x,
        "column": np.array(x)[:, None],
        "dict": dict(zip(names, x, strict=True)),
        "series": pandas.Series(x, index=names),
        "fit": data.question.fit("decimal"),
        "file": str(tmp_path / "one.csv"),
        "both": tmp_path / "all.csv",
    }
    found = arbitrate_question(data.question, given)
    assert [one.name for one in found.answers] == ["list", "column", "dict", "series", "fit", "file", "R", "SAS"]
    assert all(one.is_right for one in found.answers)
    assert found.verdict.startswith("list, column, dict")
    assert found.pairs == ()
    alone = arbitrate_question(data.question, tmp_path / "all.csv")
    assert [one.name for one in alone.answers] == ["R", "SAS"]
    assert json.loads(json.dumps(found.to_dict()))["answers"][0]["coefficients"][1]["name"] == "dose"
    assert found.verdict in str(found)


def test_a_coefficient_that_is_NA_is_not_in_the_model():
    data = trial(4)
    x = solve(data.features([n for n in data.names if n != "age"]), data.y)
    texts = printed(x)
    given = dict(zip([n for n in data.names if n != "age"], texts, strict=True))
    found = arbitrate_question(data.question, {"R": {**given, "age": "NA"}, "zero": {**given, "age": 0.0}})
    assert [one.code for one in found.answers] == ["SL307", "SL307"]


def test_the_table_is_read_and_two_programs_are_told_apart():
    file = ROOT / "docs" / "examples" / "two_codings.csv"
    sas = sl.lstsq  # the certified solver gives what each program prints
    rows = [line.split(",") for line in file.read_text("utf-8").split()][1:]
    y = [Fraction(row[2]) for row in rows]
    dose = [Fraction(row[1]) for row in rows]
    levels = {k: [Fraction(row[0] == k) for row in rows] for k in "abc"}
    one = [Fraction(1)] * len(y)
    r = printed(solve([one, dose, levels["b"], levels["c"]], y))
    last = printed(solve([one, dose, levels["a"], levels["b"]], y))
    answers = {
        "R": dict(zip(["(Intercept)", "dose", "groupb", "groupc"], r, strict=True)),
        "SAS": dict(zip(["Intercept", "dose", "group a", "group b"], last, strict=True)),
    }
    found = arbitrate(file, answers, formula="effect ~ dose + group")
    assert [one.code for one in found.answers] == ["", "SL301"]
    assert found.pairs == (
        "R and SAS answer different questions, SAS: reference level 'c' of 'group' in place of 'a'; R: the question "
        "asked; all printed digits of both are right.",
    )
    assert callable(sas)


def test_rows_without_a_cell_that_is_not_used_are_among_those_left_out(tmp_path):
    r = random.Random(5)
    rows = [[f"{r.uniform(0, 9):.2f}", f"{r.uniform(0, 9):.3f}", "" if k in (3, 8, 14) else "7"] for k in range(30)]
    (tmp_path / "t.csv").write_text("x,y,extra\n" + "\n".join(map(",".join, rows)) + "\n", "utf-8")
    kept = [row for row in rows if row[2]]
    x, y = ([Fraction(row[k]) for row in kept] for k in (0, 1))
    answer = printed(solve([[Fraction(1)] * len(x), x], y))
    found = arbitrate(tmp_path / "t.csv", {"R": answer}, target="y", columns=["x"], missing="drop")["R"]
    assert found.code == "SL306"
    assert "lack a cell in a column that is not used (lines 5, 10, 16)" in found.question


def test_columns_that_are_exactly_dependent_are_said_and_one_may_be_dropped():
    r = np.random.default_rng(3)
    u, v = r.integers(1, 50, (2, 20)).astype(float)
    y = np.round(u - v + r.normal(size=20), 3)
    data = {"u": u, "v": v, "z": u + 3 * v, "y": y}
    problem = Problem("sum", data, Design.of(Intercept(), "u", "v", "z"), "made")
    question = Question(problem, Table("sum", dict(problem.data), tuple(range(20))))
    basic = np.linalg.lstsq(np.column_stack([np.ones(20), u, v]), y)[0]
    least = np.linalg.lstsq(np.column_stack([np.ones(20), u, v, u + 3 * v]), y)[0]
    given = {
        "R": {"intercept": basic[0], "u": basic[1], "v": basic[2], "z": "NA"},
        "numpy": [f"{x:.9g}" for x in least],
    }
    found = arbitrate_question(question, given)
    assert found["R"].code == "SL307"
    assert found["R"].question == "without 'z'"
    assert found["numpy"].is_right
    assert "least norm" in found["numpy"].sentence
    assert any("no unique answer" in note for note in found.notes)


def test_what_the_arithmetic_cost_is_named_where_it_is_proven():
    longley = sl.problems.get("nist.longley")()
    question = Question(longley, Table("longley", dict(longley.data), tuple(range(16))))
    A, b = longley.A, longley.b
    normal = np.linalg.solve(A.T @ A, A.T @ b)
    single = np.linalg.lstsq(A.astype("f"), b.astype("f"), rcond=None)[0]
    found = arbitrate_question(question, {"float32": single, "printed": [f"{v:.3f}" for v in normal]}, seconds=0.5)
    assert "SL103" in [one.code for one in found["float32"].found]
    assert found["float32"].code == ""
    assert found["float32"].asked_digits < 8


def test_what_arithmetic_made_of_an_answer_is_not_taken_for_a_penalty():
    """Normal equations in float32 lose the slope of time stamps; some lambda has a slope as small, which is chance."""
    stamps = sl.problems.get("real.timestamps_s")()
    A, b = stamps.A.astype("f"), stamps.b.astype("f")
    x = np.linalg.solve(A.T @ A, A.T @ b)
    question = Question(stamps, Table("stamps", dict(stamps.data), tuple(range(len(b)))))
    found = arbitrate_question(question, {"float32": x, "printed": [f"{v:.7g}" for v in x]}, seconds=0)
    assert [one.code for one in found.answers] == ["SL399", "SL399"]


# --- what is no answer

DATA = trial(4)
GOOD = dict.fromkeys(DATA.names, "1.5")
MALFORMED = {
    "a vector too short": ([1.0, 2.0], ["expected 6", "'dose'", "a dict name -> value"]),
    "a vector too long": (list(range(7)), ["expected 6", "got 7"]),
    "a matrix": (np.ones((2, 3)), ["shape (2, 3)", "one column"]),
    "an unknown name": ({**GOOD, "dosis": "1"}, ["'dosis'", "did you mean 'dose'"]),
    "a text": ({**GOOD, "dose": "about 3"}, ["coefficient 'dose'", "'about 3'", "-1.5"]),
    "a decimal comma": ({**GOOD, "dose": "1,5"}, ["'1,5'", "-1.5"]),
    "NaN": ({**GOOD, "dose": float("nan")}, ["coefficient 'dose'", "nan", "NA"]),
    "infinity in a vector": ([1.0, float("inf"), 2, 3, 4, 5], ["coefficient 1 ('dose')", "inf"]),
    "empty": ([], ["no coefficients", "give 6"]),
    "an empty mapping": ({}, ["no coefficients"]),
    "only NA": ({"dose": "NA"}, ["no coefficient has a number"]),
    "a name twice": ({**GOOD, "(Intercept)": "2"}, ["'intercept'", "'(Intercept)'", "leave one out"]),
    "a name that is none": ({3: 1.0}, ["named by a text", "3"]),
    "one number": (1.5, ["no vector", "a dict name -> value"]),
    "a set": ({1.0, 2.0}, ["set", "a list or a dict"]),
    "bytes": (b"1.5", ["bytes"]),
    "true": ({**GOOD, "dose": True}, ["True", "no number"]),
    "a complex number": ({**GOOD, "dose": 1 + 2j}, ["(1+2j)", "no number"]),
    "a list within": ({**GOOD, "dose": [1, 2]}, ["[1, 2]", "one by one"]),
    "no such file": ("nowhere.csv", ["no file", "nowhere.csv", "a dict name -> value"]),
    "a folder": (".", ["is a folder", "CSV"]),
    "far out of range": ({**GOOD, "dose": "1e99999"}, ["1e99999", "no number"]),
    "masked": (np.ma.array([1.0] * 6, mask=[0, 1, 0, 0, 0, 0]), ["masked", "leaving it out"]),
}
FILES = {
    "empty": ("", ["is empty", "name,value"]),
    "one column": ("dose\nage\n", ["one column", "name and value"]),
    "ragged": ("name,R,SAS\ndose,1,2\nage,1\n", ["line 3", "2 cells", "line 1", "3"]),
    "no numbers": ("name,R\ndose,low\n", ["line 2", "'dose'", "'low'"]),
    "only a header": ("name,R\n", ["no coefficients", "a line for each"]),
    "two columns without names": ("dose,1,2\nage,3,4\n", ["without names", "name,R,SAS"]),
    "a name twice": ("name,R\ndose,1\ndose,2\n", ["'dose'", "twice"]),
    "an unknown name": ("name,R\n<script>,1\n", ["'<script>'", "'dose'"]),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_answer_is_refused_with_place_and_way_out(name):
    given, parts = MALFORMED[name]
    with pytest.raises(StabilityLabError) as caught:
        arbitrate_question(DATA.question, {"SAS": given})
    for part in ["SAS", *parts]:
        assert part in str(caught.value)
    assert ": " in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_of_answers_is_refused_with_its_line(name, tmp_path):
    text, parts = FILES[name]
    path = tmp_path / "answers.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(StabilityLabError) as caught:
        arbitrate_question(DATA.question, path)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00n\x00", b"PK\x03\x04\x00\x00\xff"])
def test_a_file_that_is_no_text_is_refused(content, tmp_path):
    (tmp_path / "answers.xlsx").write_bytes(content)
    with pytest.raises(InputError, match="UTF-8"):
        arbitrate_question(DATA.question, {"Excel": tmp_path / "answers.xlsx"})


@pytest.mark.parametrize(
    ("answers", "part"), [([1.0], "a mapping"), ({}, "no answers"), ({2: [1.0]}, "named by a text")]
)
def test_answers_that_are_no_mapping_are_refused(answers, part):
    with pytest.raises(InputError, match=part):
        arbitrate_question(DATA.question, answers)


# --- cost, pages


def test_a_thousand_rows_and_ten_columns_take_less_than_five_seconds():
    r = np.random.default_rng(8)
    X = np.round(r.normal(size=(1000, 9)), 3)
    y = np.round(3 + X @ np.arange(1, 10) + r.normal(size=1000), 3)
    problem = Problem("large", {**{f"x{j}": X[:, j] for j in range(9)}, "y": y}, Design.columns(), "made")
    question = Question(problem, Table("large", dict(problem.data), tuple(range(1000))))
    keep = np.arange(1000) != 123
    answer = np.linalg.lstsq(np.column_stack([np.ones(999), X[keep]]), y[keep])[0]
    started = time.process_time()
    found = arbitrate_question(question, {"R": [f"{v:.8g}" for v in answer]})["R"]
    assert time.process_time() - started < 5
    assert found.code == "SL306"
    assert "row 123" in found.question


@pytest.mark.parametrize("code", [*(entry.label.code for entry in catalog), "SL399"])
def test_every_meaning_has_a_page(code):
    text = (ROOT / "docs" / "codes" / f"{code}.md").read_text("utf-8")
    title = "another question, none of those tried" if code == "SL399" else catalog.entry(code).label.title
    assert text.startswith(f"# {code}: {title}\n")
    headings = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert "How it is proven" in headings
    assert len(headings) >= 4


def test_the_asked_model_has_the_solution_that_is_certified():
    for data in (trial(6), sales(6), curve(6)):
        setting = Setting(data.question)
        x = setting.solved(asked_model(setting))
        assert x == tuple(solution(data))
        answer = answers_of({"R": list(map(float, x))}, data.names)[0]
        assert agreement(answer, asked_model(setting), x).is_right
        assert [float(v) for v in x] == data.question.fit("decimal").x.tolist()


def test_a_category_alone_is_a_question_too():
    data = trial(6)
    problem = Problem(
        "g",
        {"group": data.labels["group"], "y": [float(v) for v in data.y]},
        Design.of(Intercept(), Category("group")),
        "made",
    )
    question = Question(problem, Table("g", dict(problem.data), tuple(range(data.rows))))
    means = {
        f"group[{k}]": mean([v for v, g in zip(data.y, data.labels["group"], strict=True) if g == k]) for k in "abc"
    }
    found = arbitrate_question(question, {"means": dict(zip(means, printed(means.values()), strict=True))})["means"]
    assert found.code == "SL303"
    assert "every level of 'group'" in found.question
