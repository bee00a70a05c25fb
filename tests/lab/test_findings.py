"""Findings take their numbers from the rows that decide them: planted rows, and the committed ones of every chapter."""

import ast
import re
from dataclasses import replace
from functools import cache

import pytest

from paths import EXPERIMENTS, ROOT
from stabilitylab.core.types import Measurement
from stabilitylab.lab.experiment import find, load
from stabilitylab.lab.finding import Finding, finding, remedy
from stabilitylab.probes.rank_policy.outcomes import Outcome
from stabilitylab.report.committed import SUFFIX, read_committed
from stabilitylab.report.rows import NoRowsError, Rows
from stabilitylab.report.table import Column, Pivot

TABLES = EXPERIMENTS / "tables"


@cache
def experiment(name):
    return load(EXPERIMENTS / f"{name}.py").experiment


def said(findings, number, rows):
    """A finding checked, which must hold."""
    checked = findings[number].check(rows)
    assert checked.verdict == "holds", checked
    return checked.says


# --- one selection


def planted(solver="s", status="SOLVED", **scores):
    return Measurement("p", {}, solver, "float64", "float64", "matrix", status, "", (), None, None, scores)


def test_a_finding_and_a_remedy_decide_on_the_numbers_that_they_show():
    rows = Rows((planted("a", d=5.0), planted("b", d=9.0)))

    def of(solver):
        return lambda rows: {"d": rows.where(solver=solver).values("d")[0]}

    assert finding("{d:.1f} digits", of("b"), lambda n: n["d"] > 7).check(rows).says == "9.0 digits"
    assert finding("{d:.1f} digits", of("a"), lambda n: n["d"] > 7).check(rows).holds is False
    assert finding("{d:.1f} digits", of("c"), lambda n: n["d"] > 7).check(rows).holds is None
    made = remedy("{d:.1f} digits", of("b"), lambda n: n["d"] > 7, "\nprint(1)\n", needs=("numpy.lstsq",))
    assert (made.code, made.needs, made.check(rows).holds) == ("print(1)\n", ("numpy.lstsq",), True)


@pytest.mark.parametrize(
    ("value", "text"), [(15.954589770191003, "15.95"), (15.9, "15.9"), (-0.0, "0.0"), (16.04, "16.0")]
)
def test_the_cap_of_float64_is_one_number_in_sentences_as_in_tables(value, text):
    rows = Rows((planted("a", **{"digits.min": value}),))
    made = finding("From {d:.1f} to {d:.1f} digits.", lambda rows: {"d": rows.values("digits.min")[0]}, lambda n: True)
    assert made.check(rows).says == f"From {text} to {text} digits."
    assert text_of(rows) == text
    assert f": {text} correct digits" in str(planted("a", **{"digits.min": value}))


def text_of(rows):
    """The one cell of a table of digits."""
    return Pivot("A title").table(rows).body[0][1].text.partition(" ")[0]


def test_digits_are_formatted_in_one_place():
    """`.1f` in the package is `one_decimal`, or no digits of an answer: degrees, gigabytes, factors."""
    others = {"isolation.py", "condition.py", "predictions.py", "printable.py", "finding.py"}
    found = {path.name for path in (ROOT / "stabilitylab").rglob("*.py") if ":.1f}" in path.read_text("utf-8")}
    assert found == others
    assert not [path.name for path in EXPERIMENTS.glob("*.py") if ".1f" in formats(path.read_text("utf-8"))]
    assert formats('x = f"{a:.1f} digits"\ny = """print(f"{a:.2f}")"""\nz = "{a:.3f}"') == [".1f"]


def formats(source):
    """The format specifications of a module's f-strings: not those of sentences, nor of programs that it prints."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FormattedValue) and node.format_spec]
    return [ast.literal_eval(node.format_spec.values[0]) for node in nodes]


# --- the price of proof: sizes, ratios and verdicts belong to one another


def timed(solver, m, n, ratio, target, cond=10.0, **more):
    own = {"ratio": ratio, "seconds": 1.0, "target": target, "ratio over target": ratio / target, **more}
    return Measurement(
        "in blocks" if more else "graded",
        {"m": m, "n": n, "cond": cond},
        solver,
        "float64",
        "float64",
        "",
        "SOLVED",
        "",
        (),
        None,
        None,
        own,
        conditions={"block": 50_000} if more else {},
    )


OURS, STREAM = "sl.lstsq", "sl.GramAccumulator"
PROOF = Rows(
    (
        timed(OURS, 100, 10, 9.0, 4),
        timed(OURS, 1000, 20, 7.0, 8),
        timed(OURS, 10_000, 50, 2.4, 2),
        timed(OURS, 100_000, 200, 0.37, 0.5),
        timed(STREAM, 250_000, 20, 1.1, 1.5, MB=70.0),
        timed(STREAM, 1_000_000, 20, 0.65, 1.5, MB=18.0),
    )
)


def test_what_is_said_of_a_proof_is_of_the_rows_it_names():
    findings = experiment("the_price_of_proof").findings
    large, small, stream = (said(findings, k, PROOF) for k in range(3))
    assert "matrices of 500,000 to 20,000,000 entries" in large
    assert "0.37 to 2.4 times" in large
    assert "1 of 2 targets are met, 1 missed, the furthest at 1.20 times its target" in large
    assert "matrices of 1,000 to 20,000 entries it takes 7 to 9 times: 1 of 2 targets are met, 1 missed" in small
    assert "Given 1,000,000 rows in blocks of 50,000 it takes 0.65 times" in stream
    assert "18 MB: the target of 1.5 times is met." in stream


def test_what_other_data_cost_is_said_with_their_shape():
    """Table 3 had powers at 2.2 times, which no sentence covered, and no sizes."""
    of = {"N(0, 1)": (50, 0.5), "powers, as Filip's": (11, 2.2)}
    kinds = [replace(timed(OURS, 50_000, n, ratio, 4), problem=name) for name, (n, ratio) in of.items()]
    sentence = said(experiment("the_price_of_proof").findings, 3, Rows(tuple(kinds)))
    assert sentence.endswith(
        "of 50,000 rows each, it takes 0.50 to 2.2 times: the most on powers, as Filip's, 50000 x 11."
    )
    slow = Rows((*kinds, replace(timed(OURS, 50_000, 50, 9.0, 4), problem="Cauchy")))
    assert experiment("the_price_of_proof").findings[3].check(slow).holds is False


def test_a_missed_target_is_called_missed():
    longer = timed(STREAM, 2_000_000, 20, 1.8, 1.5, MB=18.0)
    assert said(experiment("the_price_of_proof").findings, 2, Rows((*PROOF, longer))).endswith("times is missed.")
    (first, *_) = experiment("the_price_of_proof").tables
    table = first.table(PROOF)
    words = [row[table.header.index("met or missed")].text for row in table.body]
    assert words == ["missed", "met", "missed", "met"]


FIFTY = Rows(
    (
        *(timed("coefficients alone", m, n, r, 4.0) for m, n, r in ((5000, 50, 2.7), (10_000, 100, 1.2))),
        *(timed("sl.reference", m, n, r, 4.0) for m, n, r in ((5000, 50, 5.3), (10_000, 100, 3.5))),
        *(
            timed("mpmath.qr_solve", m, n, r, 100.0)
            for m, n, r in ((100, 10, 26.0), (200, 20, 110.0), (400, 40, 240.0))
        ),
    )
)


def test_what_is_said_of_fifty_digits_is_of_the_rows_it_names():
    findings = experiment("the_price_of_fifty_digits").findings
    alone, all_of_it, largest, mpmath = (said(findings, k, FIFTY) for k in range(4))
    assert "1.2 to 2.7 times" in alone
    assert "is met in 2 of 2 cases and missed in 0" in alone
    assert "3.5 to 5.3 times" in all_of_it
    assert "is met in 1 of 2 cases and missed in 1" in all_of_it
    assert "On 10,000 rows and 100 columns, the largest shape here, they take 3.5 to 3.5 times" in largest
    assert "from 26 times the CPU time of the certified reference (100 rows, 10 columns)" in mpmath
    assert "to 240 times (400 rows, 40 columns)" in mpmath
    assert "is met in 2 of 3 cases and missed in 1." in mpmath
    (one,) = experiment("the_price_of_fifty_digits").remedies
    assert "on 400 rows and 40 columns" in one.check(FIFTY).says
    assert "takes 240 times" in one.check(FIFTY).says


RANK = "cutoffs_differ_by_many_powers_of_ten_and_many_are_silent"
FATES = ("never kept", "kept:", "lost to round-off", "no cut-off", "not tried")


def test_every_word_of_the_table_of_rank_policies_is_in_its_legend():
    (table,) = experiment(RANK).tables
    legend = table.note.lower()
    kinds = (Outcome.MINIMUM_NORM, Outcome.BASIC, Outcome.ARBITRARY, Outcome.WRONG)
    for word in (*(kind.value for kind in kinds), *FATES):
        assert word in legend, word
    heads = [column.header for column in table.columns if isinstance(column, Column)]
    shown = ("as if scaled", "as if centred", "slope right over 0, 1, ..., 7 plus", "exactly dependent columns")
    assert all(word in legend for word in shown)
    assert "slope right over 0, 1, ..., 7 plus" in heads


def policy(solver, near=None, short=None, dependent="minimum norm", grows="no cut-off"):
    """A row of the chapter on rank cut-offs; near, short: its cut-offs."""
    scores = {"near.cutoff": near, "short.cutoff": short}
    facts = {
        "works in": "float32" if solver == "jax.lstsq" else "float64",
        "near.fate": "dropped" if near else "never kept",
        "short.fate": "dropped" if short else "kept",
        "scaled": "no" if short else "yes",
        "grows": grows,
        "centred": "no",
        "reporting": "silent and wrong",
        "dependent": dependent,
    }
    return replace(planted(solver, **{name: value for name, value in scores.items() if value}), facts=facts)


def test_rank_policies_are_counted_by_what_was_asked_and_declared():
    """The page called a cut-off none in a row that shows one, and counted lines among those given three columns."""
    rows = Rows(
        (
            policy("numpy.lstsq", 1e-15, 2e-15, grows="yes"),
            policy("scipy.lsqr", 1e-6, 2e-6, grows="no"),
            policy("cvxpy.sum_squares", None, 1e-6, dependent="arbitrary along it"),
            policy("numpy.polyfit", 1e-17, dependent="minimum norm of scaled columns", grows="yes"),
            policy("jax.lstsq", 1e-1, 1e-1, dependent="a column dropped", grows="yes"),
        )
    )
    chapter = experiment(RANK)
    (grows,) = (one for one in chapter.tables[0].columns if getattr(one, "header", "") == "grows with the rows?")
    assert [grows.value(row) for row in rows] == ["yes", "no", "not tried", "yes", "yes"]
    said = {key: value for one in chapter.findings for key, value in told(one, rows).items()}
    assert (said["fine"], said["coarse"], said["never"]) == ("numpy.polyfit", "scipy.lsqr", 1)
    assert (said["declared"], said["undeclared"], said["silent undeclared"]) == (3, 2, 2)
    (replied,) = (numbers for one in chapter.findings if "lines" in (numbers := told(one, rows)))
    assert replied == {"norm": 2, "scaled": 0, "basic": 1, "refused": 0, "noise": 1, "all": 4, "counted": 4, "lines": 1}


def told(finding, rows):
    """The numbers of a finding; none where the rows lack them."""
    try:
        return finding.numbers(rows)
    except (NoRowsError, KeyError):
        return {}


def test_no_file_name_states_a_factor_that_nothing_measures():
    """One said a millionfold, of a range of 1e14."""
    assert not [path.stem for path in find(EXPERIMENTS) if re.search(r"fold(_|$)|_times_as_", path.stem)]


# --- a remedy helps in whatever units, and an answer that is none is not counted as one

LIBRARY, SOLVER = (
    "the_library_you_call_decides_the_digits",
    "the_choice_of_solver_decides_the_digits_on_nist_data",
)


@cache
def published(name):
    """The committed rows of a chapter."""
    return read_committed(TABLES / f"{name}{SUFFIX}")


def changed(name, where, **changes):
    """The committed rows of a chapter, changed where all fields are as given."""
    hit = {id(row) for row in published(name).where(**where)}
    return Rows(tuple(replace(row, **changes) if id(row) in hit else row for row in published(name)))


@pytest.mark.parametrize(
    ("name", "place", "solver", "problem"),
    [
        (LIBRARY, 0, "qr.householder", "nist.filip"),
        (LIBRARY, 1, "sklearn.StandardScaler_LinearRegression", "nist.pontius"),
        (LIBRARY, 2, "statsmodels.OLS_qr", "nist.filip"),
        (SOLVER, 0, "numpy.Polynomial", "nist.filip"),
    ],
)
def test_a_remedy_that_a_copy_in_other_units_refutes_is_refuted(name, place, solver, problem):
    """`lapack_driver='gelsy'` was one: 12 digits as published, and none of the same columns in other units."""
    one = replace(experiment(name).remedies[place], needs=())
    where = {"solver": solver, "problem": problem, "variant": "scaled 3", "truth": "decimal"}
    assert one.check(changed(name, where, scores={"digits.min": 0.0})).holds is False
    gone = [row for row in changed(name, where, status="DIED") if row.status != "DIED"]
    assert one.check(Rows(tuple(gone))).holds is None


def test_default_calls_that_give_no_answer_are_counted_apart():
    """One that refuses was counted among those that keep digits, and an infinity among refusals."""
    where = {"solver": "gretl.ols", "variant": "published"}
    for one in (replace(one, needs=()) for one in experiment(LIBRARY).findings[:2]):
        calls, refused, na = counted(one.check(published(LIBRARY)).says)
        for status, ends in (
            ("REFUSED", (calls, refused + 1, na)),
            ("DROPPED", (calls, refused, na + 1)),
            ("NOT_FINITE", (calls, refused, na + 1)),
            ("UNUSABLE", (calls - 1, refused, na)),
        ):
            fewer = changed(LIBRARY, where, status=status, scores={"digits.min": None})
            assert counted(one.check(fewer).says) == ends


def test_a_sentence_about_the_fewest_digits_names_all_that_tie():
    one = replace(experiment(LIBRARY).findings[0], needs=())
    says = one.check(published(LIBRARY)).says
    tied = int(re.search(r"from 0\.0 \((\d+) calls, ", says)[1])
    where = {"solver": "gretl.ols", "problem": "nist.longley", "variant": "published"}
    more = one.check(changed(LIBRARY, where, scores={"digits.min": 0.0})).says
    assert f"({tied + 1} calls, " in more
    assert "`gretl.ols`" in more


def counted(sentence):
    """How many default calls there are, and how many of them refused or failed, and gave NA, by a sentence."""
    patterns = (r"(\d+) (?:libraries|default calls)", r"(\d+) refused or failed", r"(\d+) gave NA or NaN")
    return tuple(int(re.search(pattern, sentence)[1]) for pattern in patterns)


def test_the_limits_of_advice_are_of_the_rows():
    name = "wrong_answers_can_be_silent"
    line, scaler = (replace(one, needs=()) for one in experiment(name).remedies[1:])
    where = {"solver": "scipy.linregress", "problem": "real.timestamps_ns"}
    assert line.check(changed(name, where, scores={"digits.min": 3.0})).holds is False
    assert "of synthetic.randsvd(cond=1e8) and nist.filip it keeps" in scaler.check(published(name)).says
    where = {"solver": "sklearn.StandardScaler_LinearRegression"}
    helped = changed(name, where, scores={"digits.min": 9.0, "digits.supported": 9.0})
    assert scaler.check(helped).holds is False


def test_answers_that_are_not_the_solution_declared_are_counted_in_a_note():
    name = "wrong_answers_can_be_silent"
    every = experiment(name).appendix[0]
    where = {"solver": "numpy.lstsq", "problem": "real.one_hot"}
    before, after = (
        int(re.search(r"(\d+) of the answers", every.table(rows).notes[-1])[1])
        for rows in (published(name), changed(name, where, scores={"digits.min": 0.0, "digits.supported": None}))
    )
    assert after == before + 1


def test_the_caption_of_everyday_data_is_decided_by_a_count_of_what_it_shows():
    """It said "nearly every library", of 26 of 43."""
    name = "wrong_answers_can_be_silent"
    (figure,) = experiment(name).figures
    assert "most libraries lose some answer whole" in figure.title
    most = replace(experiment(name).findings[0], needs=())
    assert most.check(published(name)).holds is True
    right = [replace(row, status="SOLVED", scores={**row.scores, "digits.min": 9.0}) for row in published(name)]
    checked = most.check(Rows(tuple(right)))
    assert checked.holds is False
    assert checked.says.startswith("0 of 43")


# --- every chapter, on its committed rows

WITHHELD = {"x", "rank", "note", "warnings", "facts", "cause", "verdict", "works_in"}
"""What committed rows do not hold: a finding that asks for it is decided by a run alone."""


class Seen(Measurement):
    """A committed row that refuses what it does not hold."""

    def __getattribute__(self, name):
        if name in WITHHELD:
            raise NoRowsError(f"committed rows hold no {name}")
        return object.__getattribute__(self, name)


class Scores(dict):
    """The scores of a row, which is put into `asked` when one is read."""

    def __init__(self, row, asked):
        super().__init__(row.scores)
        self.row, self.asked = row, asked

    def __getitem__(self, name):
        self.asked.add(id(self.row))
        return super().__getitem__(name)


def seen(rows):
    """The rows, and the set in which a row leaves its identity when a score of it is read."""
    asked = set()
    made = []
    for row in rows:
        one = replace(row, scores=Scores(row, asked))
        object.__setattr__(one, "__class__", Seen)
        made.append(one)
    return Rows(tuple(made)), asked


@cache
def committed(name):
    return seen(published(name))


CLAIMS = [
    pytest.param(one.name, claim, id=f"{one.name}-{number}")
    for one in map(load, find(EXPERIMENTS))
    for number, claim in enumerate((*one.experiment.findings, *one.experiment.remedies), 1)
]


def read_by(call, rows, asked):
    asked.clear()
    call(rows)
    return set(asked)


def strays(claim, rows, asked):
    """How many rows the numbers of a sentence are read from that its predicate does not read."""
    judged = read_by(claim.holds, rows, asked)
    return len(read_by(claim.numbers, rows, asked) - judged)


@pytest.mark.parametrize(("name", "claim"), CLAIMS)
def test_a_finding_holds_on_the_committed_rows_and_its_numbers_are_of_rows_that_it_judges(name, claim):
    rows, asked = committed(name)
    checked = replace(claim, needs=()).check(rows)  # the rows were made with every library
    if checked.holds is None:
        # Something that rows in long form leave out, or a machine that lacks what the predicate asks for first.
        assert re.search("committed rows hold no|were not measured here", checked.why), checked
        return
    assert checked.holds, checked
    assert not re.search(r"[{}]|\bnan\b|\binf\b", checked.says)
    assert strays(claim, rows, asked) == 0


def test_a_number_of_another_row_is_seen():
    rows, asked = seen(Rows((planted("a", d=5.0), planted("b", d=9.0))))

    def of(solver):
        return {"d": rows.where(solver=solver).values("d")[0]}

    stray = Finding("{d}", lambda rows: of("a")["d"] < 6, lambda rows: of("b"))
    assert strays(stray, rows, asked) == 1
    assert strays(replace(stray, numbers=lambda rows: of("a")), rows, asked) == 0


def test_what_committed_rows_do_not_hold_is_not_checked():
    rows, _ = seen(Rows((planted(d=5.0),)))
    checked = Finding("Warned.", lambda rows: any(row.warnings for row in rows)).check(rows)
    assert (checked.holds, checked.why) == (None, "committed rows hold no warnings")
