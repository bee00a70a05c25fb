"""Tables lose nothing: every row is in a cell, every mark has its sentence, every value reads back."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_tables import STATUSES, measured, printed, rows_from, rows_strategy, sentences, table_of
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.core.types import STARTED, UNDETERMINED, Status
from stabilitylab.report import marks
from stabilitylab.report.blocks import TableBlock
from stabilitylab.report.cells import Cell, CountedMark, Table
from stabilitylab.report.fields import SpecError
from stabilitylab.report.grid import STARTED_NOTE
from stabilitylab.report.rows import NoRowsError, Rows
from stabilitylab.report.table import Column, Listing, Pivot
from stabilitylab.report.writers import csv, html, jsonl, markdown
from stabilitylab.scoring import metrics

# --- what a cell says


def test_digits_have_one_decimal_and_errors_two_significant_digits():
    assert printed(table_of(measured(digits=7.96)))[0][1] == "8.0"
    assert printed(table_of(measured(digits=8.0), value="error.normwise"))[0][1] == "1.0e-8"


@pytest.mark.parametrize("status", [s for s in STATUSES if s != "SOLVED"])
def test_every_ending_has_a_mark_of_its_own_and_its_sentence_stands_below(status):
    table = table_of(measured(status=status))
    mark = marks.STATUS_MARKS[status]
    assert mark.symbol in printed(table)[0][1]
    said = Status[status].value
    assert sentences(table)[mark.symbol] == ("with a warning" if status == "WARNED" else said)
    assert table.body[0][1].status == mark.name


def test_all_marks_differ_in_symbol_and_in_name():
    assert len({m.symbol for m in marks.ORDER}) == len({m.name for m in marks.ORDER}) == len(marks.ORDER)
    assert set(marks.STATUS_MARKS) == set(STATUSES) - {"SOLVED"}


def test_a_solved_cell_has_no_mark_and_only_marks_in_use_are_explained():
    table = table_of(measured())
    assert table.body[0][1].mark == ""
    assert set(sentences(table)) == {""}


def test_a_rank_reduced_cell_shows_its_digits_and_the_cause_below():
    table = table_of(measured(status="RANK_REDUCED", digits=7.9, cause="cut-off dropped 2 directions"))
    assert printed(table)[0][1] == "7.9 ‡¹"
    assert sentences(table)["¹"] == "cut-off dropped 2 directions"


def test_equal_causes_share_a_footnote_and_different_ones_do_not():
    rows = [measured(p, status="RANK_REDUCED", cause=c) for p, c in (("a", "x"), ("b", "y"), ("c", "x"))]
    assert [text[-1] for text in printed(table_of(*rows))[0][1:]] == ["¹", "²", "¹"]


def test_a_combination_without_a_row_is_said_not_to_apply():
    table = table_of(measured("p", "s"), measured("q", "t"))
    assert printed(table) == [["s", "10.0", "·"], ["t", "·", "10.0"]]
    assert sentences(table)["·"] == "the route does not take this kind of problem"


def test_a_missing_score_shows_its_reason():
    row = measured(digits=None, reasons={"digits.min": "the reference is 0"})
    table = table_of(row)
    assert printed(table)[0][1] == "n/a¹"
    assert sentences(table)["¹"] == "the reference is 0"


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_cannot_reach_a_cell(bad):
    with pytest.raises(ValueError, match="a cell cannot hold"):
        Cell("nan", bad)
    table = table_of(measured(digits=bad))
    assert table.body[0][1].value is None
    assert "came out as" in sentences(table)["¹"]
    assert '"value": null' in jsonl.table(table)


def test_a_cell_cannot_be_blank():
    with pytest.raises(ValueError, match="blank"):
        Cell(" ")


def test_a_table_with_a_short_row_is_refused():
    with pytest.raises(ValueError, match="2 cells"):
        Table("t", ("a", "b"), (False, True), ((Cell("x"),),))


def test_the_cap_is_that_of_the_formats_and_the_truth_is_named():
    notes = " ".join(note.sentence for note in table_of(measured(), measured("q", format="float32")).footnotes)
    assert "15.95 (float64) or 7.22 (float32)" in notes
    assert "decimal truth" in notes
    assert "capped" not in " ".join(n.sentence for n in table_of(measured(), value="error.normwise").footnotes)


def test_verdicts_are_marked_only_where_asked_for():
    row = measured(verdict="worse than theory")
    assert printed(table_of(row))[0][1] == "10.0"
    assert printed(table_of(row, flag="verdict"))[0][1] == "10.0 ▼"
    assert printed(table_of(measured(verdict="lucky"), flag="verdict"))[0][1] == "10.0 ▲"


@pytest.mark.parametrize(
    ("digits", "status", "text"),
    [(0.2, "SOLVED", "0.2 ●"), (1.2, "SOLVED", "1.2"), (0.2, "RANK_REDUCED", "0.2 ‡"), (0.0, "DROPPED", "0.0 NA")],
)
def test_silence_is_marked_where_nothing_was_said_in_every_table(digits, status, text):
    row = measured(status=status, scores={"digits.min": digits, "digits.supported": 9.0})
    for flag in ("none", "verdict"):
        assert printed(table_of(row, flag=flag))[0][1] == text


@pytest.mark.parametrize(
    ("supported", "status", "text"),
    [
        (3.9, "SOLVED", "0.0 ○"),
        (3.9, "RANK_REDUCED", "0.0 ○ ‡"),
        (4.1, "RANK_REDUCED", "0.0 ‡"),
        (4.1, "SOLVED", "0.0 ●"),
        (None, "SOLVED", "0.0 ◍"),
        (None, "RANK_REDUCED", "0.0 ‡"),
    ],
)
def test_a_zero_says_whether_the_data_support_digits_where_that_was_scored(supported, status, text):
    row = measured(status=status, scores={"digits.min": 0.0, "digits.supported": supported})
    table = table_of(row)
    assert printed(table)[0][1] == text
    assert ("no route is to blame" in sentences(table).get("○", "")) == ("○" in text)


DEFICIENT = {"digits.supported": "A is exactly rank deficient: any change of the data changes the answer altogether"}


def test_a_zero_of_a_deficient_matrix_says_that_another_solution_was_declared_and_which():
    scores = {"digits.min": 0.0, "digits.supported": None}
    table = table_of(measured(solver="octave.mldivide", scores=scores, reasons=DEFICIENT))
    assert printed(table)[0][1] == "0.0 ◇¹"
    assert "not the one that the route declares" in sentences(table)["◇"]
    declared = "declared: minimum-norm; round-off decides whether an exactly dependent column is dropped"
    assert sentences(table)["¹"] == declared
    right = table_of(measured(scores={"digits.min": 14.0, "digits.supported": None}, reasons=DEFICIENT))
    assert printed(right)[0][1] == "14.0"
    several = [measured(solver="octave.mldivide", seed=k, scores=scores, reasons=DEFICIENT) for k in range(2)]
    assert printed(table_of(*several, reduce="min"))[0][1] == "0.0 ◇"


@pytest.mark.parametrize(
    ("worst", "supported", "text"), [(0.0, 9.0, "0.0 ●"), (0.0, 2.0, "0.0 ○"), (8.0, 9.0, "0.0 ◌"), (8.0, 2.0, "0.0 ◌")]
)
def test_a_zero_of_another_number_says_whether_the_coefficients_are_wrong_too(worst, supported, text):
    row = measured(scores={"digits.min": worst, "digits.supported": supported, "digits.r_squared": 0.0})
    assert printed(table_of(row, value="digits.r_squared"))[0][1] == text


@pytest.mark.parametrize(("worst", "text"), [(0.4, "5.0 ●"), (2.0, "5.0")])
def test_digits_of_x_as_a_whole_say_where_a_coefficient_is_silent_and_wrong(worst, text):
    row = measured(scores={"digits.min": worst, "digits.supported": 9.0, "digits.normwise": 5.0})
    assert printed(table_of(row, value="digits.normwise"))[0][1] == text


MEASURED_DIGITS = ("digits.min", "digits.normwise", "digits.r_squared", "digits.standard_errors")
answers = st.tuples(
    st.sampled_from([status for status in STATUSES if Status[status].answered]),
    st.floats(0, 15.95),
    st.one_of(st.none(), st.just("not scored"), st.floats(0, 15.95)),
    st.floats(0, 1),
    st.booleans(),
)


@given(st.lists(answers, min_size=1, max_size=4), st.sampled_from(MEASURED_DIGITS), st.sampled_from(("min", "median")))
def test_no_digits_of_an_answer_are_a_bare_zero(drawn, field, reduce):
    rows = []
    for number, (status, worst, supported, other, warned) in enumerate(drawn):
        scores = {**dict.fromkeys(MEASURED_DIGITS, other), "digits.min": worst * other}
        if supported != "not scored":
            scores["digits.supported"] = supported
        reasons = DEFICIENT if supported is None else {}
        rows.append(measured(seed=number, status=status, scores=scores, reasons=reasons, warnings=("w",) * warned))
    (line,) = table_of(*rows, value=field, reduce=reduce if len(rows) > 1 else "only").body
    assert line[1].text != "0.0" or line[1].marks


def test_what_no_answer_has_part_in_may_be_a_plain_zero():
    row = measured(scores={"digits.min": 0.0, "digits.supported": 0.0, "predicted.digits": 0.0})
    for field in ("digits.supported", "predicted.digits"):
        assert printed(table_of(row, value=field))[0][1] == "0.0"


def test_a_count_behind_a_mark_is_explained_only_where_one_stands():
    rows = [measured(seed=k, scores={"digits.min": value}) for k, value in enumerate((8.0, 9.0))]
    notes = " ".join(note.sentence for note in table_of(*rows, reduce="min").footnotes)
    assert "the smallest of its rows." in notes
    assert "k/n" not in notes
    notes = " ".join(note.sentence for note in table_of(*rows, measured(digits=0.0), reduce="min").footnotes)
    assert "k/n behind a mark" in notes


@pytest.mark.parametrize("status", ["SOLVED", "RANK_REDUCED", "REFUSED"])
def test_what_no_answer_can_have_right_is_no_zero_and_the_relation_stands_below(status):
    facts = {UNDETERMINED: "z = u + v, to the last place of every number"}
    scores = {"digits.min": None, "digits.supported": 0.0}
    table = table_of(measured(status=status, scores=scores, facts=facts, reasons={"digits.min": "undetermined"}))
    (cell,) = printed(table)[0][1:]
    if status == "REFUSED":
        assert cell == "⊘"  # that it refused is all that is said of it
        return
    assert "≈" in cell
    assert "0.0" not in cell
    assert "no answer is right or wrong" in sentences(table)["≈"]
    assert sentences(table)["¹"] == "p: z = u + v, to the last place of every number"
    # Of a score that needs no reference the reason is another.
    assert "≈" not in printed(table_of(measured(facts=facts), value="orthogonality"))[0][1]


def test_digits_that_few_support_are_no_zero():
    row = measured(scores={"digits.min": 2.0, "digits.supported": 3.0})
    assert printed(table_of(row))[0][1] == "2.0"


@pytest.mark.parametrize(
    ("digits", "reduce", "text"),
    [
        ((0.0, 0.02, 9.0), "min", "0.0 ◑ 2/3 ◍ 2/3"),
        ((0.0, 0.0, 9.0), "median", "0.0 ◑ 2/3 ◍ 2/3"),
        ((0.0, 0.0, 0.0), "min", "0.0 ◍"),
        ((0.1, 9.0, 9.0), "min", "0.1"),
        ((0.0, 9.0, 9.0), "median", "9.0 ◍ 1/3"),
    ],
)
def test_a_zero_of_several_rows_says_of_how_many(digits, reduce, text):
    rows = [measured(seed=k, scores={"digits.min": value}) for k, value in enumerate(digits)]
    table = table_of(*rows, reduce=reduce)
    assert printed(table)[0][1] == text
    assert ("◑" in sentences(table)) == ("◑" in text)


@pytest.mark.parametrize("status", ["RANK_REDUCED", "REPORTS_LOWER_RANK", "DROPPED", "NOT_FINITE"])
def test_a_warning_is_marked_beside_what_else_happened(status):
    digits = None if status == "NOT_FINITE" else 0.0
    table = table_of(measured(status=status, warnings=("UserWarning: beware",), digits=digits))
    symbols = [counted.mark.symbol for counted in table.body[0][1].marks]
    assert symbols == [symbol for symbol in (m.symbol for m in marks.ORDER) if symbol in symbols]
    assert {"!", marks.STATUS_MARKS[status].symbol} == set(symbols)
    assert sentences(table)["!"].startswith("with a warning")
    assert len(table_of(measured(status="WARNED", warnings=("w",))).body[0][1].marks) == 1


def test_a_lower_rank_that_the_answer_does_not_confirm_is_a_mark_with_the_rank_below():
    table = table_of(measured(status="REPORTS_LOWER_RANK", digits=9.8, rank=3, x=(1.0,) * 4))
    assert printed(table)[0][1] == "9.8 rank¹"
    assert sentences(table)["¹"] == "reports rank 3 of 4"


def test_starting_values_that_are_the_answer_are_said_below():
    row = measured(facts={"start": "started at the answer: the starting values 1, ..., 1 are the coefficients"})
    assert sentences(table_of(row))["¹"].startswith("started at the answer")
    assert printed(table_of(row, value="error.normwise"))[0][1].endswith("¹")


CUT = "rank cut-off (singular values up to 1e-15 times the largest): {} directions kept, A has full rank"


def test_footnotes_that_differ_in_counts_alone_are_one():
    counts = ("10 of 11", "1 of 2", "5 of 11", "1 of 2")
    rows = [measured(p, status="RANK_REDUCED", cause=CUT.format(c)) for p, c in zip("abcd", counts, strict=True)]
    table = table_of(*rows, measured("e", status="RANK_REDUCED", cause=CUT.format("1 of 2").replace("1e-15", "1e-6")))
    assert table.details == (
        CUT.format("1 of 2, 5 of 11 or 10 of 11"),
        CUT.format("1 of 2").replace("1e-15", "1e-6"),
    )
    assert [text[-1] for text in printed(table)[0][1:]] == ["¹", "¹", "¹", "¹", "²"]


def test_a_cell_with_two_counts_of_one_footnote_refers_to_it_once():
    cell = Cell("x", "x", details=(CUT.format("1 of 2"), CUT.format("2 of 3")))
    table = Table("t", ("a",), (False,), ((cell,),))
    assert table.printed(cell) == "x ¹"


# --- the solver that makes the reference


def players(*, exact=15.95, truth="decimal", **changes):
    return [
        measured("nist.filip", "exact.certified", digits=exact, truth=truth, **changes),
        measured("nist.filip", "a.good", digits=7.2, truth=truth),
        measured("nist.filip", "b.bad", digits=3.0, truth=truth),
    ]


def test_the_references_own_solver_stands_below_the_players_and_is_not_ranked():
    table = table_of(*players(), sort="leaderboard")
    assert [line[0] for line in printed(table)] == ["a.good", "b.bad", "exact.certified (the reference's own solver)"]
    assert [line[-1] for line in printed(table)] == ["1/1", "0/1", "not ranked"], "the best is that of a player"
    assert table.below == 1
    lines = markdown.table(table).splitlines()
    rule = next(k for k, line in enumerate(lines) if line == "| — | — | — |")
    assert lines[rule - 1].startswith("| b.bad")
    assert lines[rule + 1].startswith("| exact.certified")
    assert '<tbody class="apart">' in html.page([TableBlock(table)])
    assert "—" not in csv.table(table)


def test_why_the_exact_solver_has_not_every_decimal_is_said_with_the_digits_of_the_rows():
    def notes(*rows, **spec):
        return " ".join(note.sentence for note in table_of(*rows, **spec).footnotes)

    assert "On nist.filip that solution agrees with the decimal answer in 7.9 digits" in notes(*players(exact=7.93))
    assert "agrees with the data answer in 7.9 digits" in notes(
        *players(exact=7.93, truth="data", variant="permuted 1"), where={"variant": ("permuted 1", "published")}
    )
    assert "agrees with" not in notes(*players())
    assert "agrees with" not in notes(*players(exact=7.9, truth="matrix"))
    assert "exact.certified makes the reference" in notes(*players())
    assert "reference" not in notes(*players()[1:])


def test_alone_it_stands_below_nothing():
    assert table_of(players()[0]).below == 0


def test_a_prediction_is_shown_for_a_route_that_refused():
    row = measured(status="REFUSED", scores={"digits.min": None, "predicted.digits": 3.0})
    assert printed(table_of(row, value="predicted.digits"))[0][1] == "3.0"


def test_a_function_of_the_row_is_asked_only_of_rows_that_answered():
    table = table_of(measured("p"), measured("q", status="RAISED"), value=lambda row: row.x[0])
    assert printed(table)[0] == ["s", "1.5", "✗"]


def test_a_misspelt_score_is_an_error_and_not_a_table_of_missing_values():
    with pytest.raises(UnknownNameError, match=r"did you mean digits\.min"):
        table_of(measured(), value="digits.mim")
    with pytest.raises(UnknownNameError, match=r"problem\.cond"):
        table_of(measured(), columns="problem.conf")


def test_no_rows_are_an_error():
    with pytest.raises(NoRowsError):
        table_of()
    with pytest.raises(NoRowsError):
        table_of(measured(), where={"solver": "other"})


def test_every_metric_has_words_with_its_unit():
    for name in metrics.names():
        assert marks.words(name).startswith(metrics.entry(name).label.says)
    assert marks.words("backward_error.optimal").endswith("in units of u")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_plain_text_reads_back_to_the_same_number(value):
    assert float(marks.plain(value)) == value


# --- several rows in a cell


def test_several_rows_in_a_cell_are_refused_unless_they_are_reduced():
    rows = [measured(seed=k, digits=float(k)) for k in (1, 2, 6)]
    with pytest.raises(SpecError, match="narrow `where`"):
        table_of(*rows)
    assert [table_of(*rows, reduce=r).body[0][1].value for r in ("min", "median", "max")] == [1, 2, 6]


def test_a_failure_among_several_rows_is_counted():
    rows = [measured(seed=k, status="REFUSED" if k else "SOLVED") for k in range(4)]
    assert printed(table_of(*rows, reduce="min"))[0][1] == "10.0 ⊘ 3/4"


# --- the leaderboard


def test_a_leaderboard_counts_the_columns_within_one_digit_and_keeps_ties():
    digits = {"worst": (1.0, 1.0), "late": (9.1, 4.0), "early": (10.0, 3.0), "best": (9.5, 3.9)}
    rows = [measured(p, s, d) for s, ds in digits.items() for p, d in zip("pq", ds, strict=True)]
    table = table_of(*rows, sort="leaderboard")
    assert [(row[0].text, row[-1].text) for row in table.body] == [
        ("late", "2/2"),
        ("best", "2/2"),
        ("early", "1/2"),
        ("worst", "0/2"),
    ]


def test_a_cell_with_a_failure_is_not_within_a_digit_and_absent_columns_do_not_count():
    rows = [measured("p", "a", 9.0, seed=1), measured("p", "a", status="DIED", seed=2), measured("q", "b", 9.0)]
    table = table_of(*rows, sort="leaderboard", reduce="min")
    assert [(row[0].text, row[-1].text) for row in table.body] == [("b", "1/1"), ("a", "0/1")]


def test_a_cell_that_started_at_the_answer_does_not_count_and_is_not_the_best():
    started = replace(measured("p", "lucky", 15.9), facts={STARTED: "started at the answer"})
    rows = [started, measured("q", "lucky", 3.0), measured("p", "own", 9.0), measured("q", "own", 9.0)]
    table = table_of(*rows, sort="leaderboard")
    assert [(row[0].text, row[-1].text) for row in table.body] == [("own", "2/2"), ("lucky", "0/1")]
    assert STARTED_NOTE in table.notes
    copies = table_of(*(replace(row, seed=seed) for row in rows for seed in (1, 2)), sort="leaderboard", reduce="min")
    assert [row[-1].text for row in copies.body] == ["2/2", "0/1"]
    assert STARTED_NOTE not in table_of(*rows[1:], sort="leaderboard").notes


def test_a_leaderboard_of_errors_is_refused():
    with pytest.raises(SpecError, match="digits"):
        Pivot("t", value="error.normwise", sort="leaderboard")


# --- nothing is lost


def accounted(table):
    """How many rows the body of a pivot speaks for: each of its cells knows how many rows it is made of."""
    return sum(max(t.of for t in c.marks) if c.marks else 1 for row in table.body for c in row[1:] if not c.absent)


@settings(max_examples=60)
@given(rows_strategy)
def test_every_row_is_in_a_cell_and_no_cell_is_blank(drawn):
    rows = rows_from(drawn)
    unique = Rows(tuple({(r.problem, r.solver): r for r in rows}.values()))
    table = Pivot("t").table(unique)
    assert accounted(table) == len(unique)
    listing = Listing("t", ("problem", "solver", "digits.min", "status", "cause")).table(rows)
    assert len(listing.body) == len(rows)
    for made in (table, listing):
        explained = {note.symbol for note in made.footnotes}
        assert all(text.strip() for line in printed(made) for text in line)
        assert {t.mark.symbol for line in made.body for c in line for t in c.marks} <= explained


def test_the_account_notices_a_row_that_is_dropped():
    table = table_of(measured("p"), measured("q"), measured("p", "t", status="DIED"))
    assert accounted(table) == 3
    for k in range(2):
        kept = table.body[:k] + table.body[k + 1 :]
        assert accounted(Table(table.title, table.header, table.scored, kept)) < 3
    absent = Cell("", None, (CountedMark(marks.ABSENT),))
    hidden = ((*table.body[0][:2], absent), table.body[1])
    assert accounted(Table(table.title, table.header, table.scored, hidden)) == 2


# --- listings


def test_conditions_and_facts_are_columns_without_marks_under_their_own_names():
    rows = [
        measured(conditions={"library_version": "1.9"}, facts={"near.fate": "kept", "k": 3}),
        measured(status="REFUSED", conditions={"library_version": "1.8"}, facts={"near.fate": "dropped"}),
    ]
    spec = Listing("t", ("conditions.library_version", "facts.near.fate", "facts.k", "problem.cond"))
    table = spec.table(Rows(tuple(rows)))
    assert table.header == ("library version", "near.fate", "k", "condition number of A")
    assert table.scored == (False,) * 4
    assert table.notes == (), "nothing in it is scored"
    assert printed(table) == [["1.9", "kept", "3", "1e8"], ["1.8", "dropped", "–", "1e8"]]
    for misspelt, meant in (("facts.near.fat", r"facts\.near\.fate"), ("conditions.version", r"conditions\.library")):
        with pytest.raises(UnknownNameError, match=meant):
            Listing("t", (misspelt,)).table(Rows(tuple(rows)))


def test_a_listing_has_one_line_per_row_with_the_headers_chosen():
    spec = Listing("t", ("problem", Column("digits.min", "digits"), "status", "cause", "problem.cond"), note="a note")
    table = spec.table(Rows((measured(), measured("q", status="REFUSED"))))
    assert table.header == ("problem", "digits", "status", "cause", "condition number of A")
    assert printed(table) == [["p", "10.0", "solved", "–", "1e8"], ["q", "⊘", "refused ⊘", "–", "1e8"]]
    assert table.footnotes[-1].sentence == "a note"


# --- names of problems


def test_a_member_at_the_defaults_of_its_family_names_them_as_the_others_do():
    rows = [measured("classic.hilbert"), measured("classic.hilbert(n=13)"), measured("nist.filip")]
    full = ["classic.hilbert(n=10)", "classic.hilbert(n=13)", "nist.filip"]
    assert [line[0] for line in printed(table_of(*rows, rows="problem", columns="solver"))] == full
    assert list(table_of(*rows).header[1:]) == full
    listed = Listing("t", ("problem", "digits.min")).table(Rows(tuple(rows)))
    assert [line[0] for line in printed(listed)] == full
    assert csv.table(listed).splitlines()[1].startswith("classic.hilbert(n=10)")


def test_what_a_probe_measures_is_scored_against_no_truth_and_says_no_format():
    notes = [note.sentence for note in table_of(measured(truth=""), value="digits.min").footnotes]
    assert not any("ata in" in note for note in notes)
    assert any("decimal truth; data in float64" in n.sentence for n in table_of(measured(truth="decimal")).footnotes)
