"""Answers as programs print them and people write them down: read to the last digit, or refused with the way out."""

import random

import pytest
from click.testing import CliRunner

from paths import ROOT
from stabilitylab.cli.main import main
from stabilitylab.core.errors import InputError, NotNumericError, StabilityLabError
from stabilitylab.diagnosis.arbitrate import arbitrate
from stabilitylab.diagnosis.arbitrate.answers import answers_of
from stabilitylab.diagnosis.arbitrate.readers import catalog, text_of

TABLE = ROOT / "docs" / "examples" / "two_codings.csv"
PRINTOUTS = sorted((ROOT / "tests" / "data" / "printouts").glob("*.txt"))
ORDER = ("intercept", "dose", "group[b]", "group[c]")
KNOWN = frozenset({*ORDER, "groupb", "groupc", "group[a]", "group_a", "group_b"})
R = "(Intercept) dose groupb groupc"
SHORT, LONG = "9.6354 1.7438 2.6411 -0.9921", "9.6353617 1.7437766 2.6410771 -0.9920862"
PATSY = "Intercept group[T.b] group[T.c] dose"
FULL = "9.63536168284053 1.74377660126964 2.64107712125564 -0.992086171588983"
STATA = "1.743777 2.641077 -.9920862 9.635362"
PRINTED = {  # the names and the numbers that stand in each file, as they stand there
    "broom": (R, FULL),
    "excel": ("Intercept dose groupb groupc", "9.635361683 1.743776601 2.641077121 -0.992086172"),
    "gretl": ("const dose groupb groupc", "9.63536 1.74378 2.64108 -0.992086"),
    "linearmodels": ("Intercept dose C(group)[T.b] C(group)[T.c]", SHORT),
    "pandas_series": (PATSY, "9.635362 2.641077 -0.992086 1.743777"),
    "pyfixest": ("Intercept dose C(group)[T.b] C(group)[T.c]", "9.635 1.744 2.641 -0.992"),
    "r_aliased": (R, SHORT),
    "r_coef": (R, LONG),
    "r_lm": (R, SHORT),
    "r_narrow": (R, SHORT),
    "r_narrow_coef": (R, LONG),
    "r_summary": (R, SHORT),
    "r_table": (R, "9.63536168284053 1.74377660126964 2.64107712125564 -0.992086171588983"),
    "sas_glm": ("Intercept|dose|group a|group b", "8.643275511 1.743776601 0.992086172 3.633163293"),
    "sas_reg": ("Intercept dose groupb groupc", "9.63536 1.74378 2.64108 -0.99209"),
    "sas_reg_labels": ("Intercept dose groupb groupc", "9.63536 1.74378 2.64108 -0.99209"),
    "stata": ("dose|group b|group c|_cons", STATA),
    "stata_robust": ("dose|group b|group c|_cons", STATA),
    "statsmodels_summary": (PATSY, "9.6354 2.6411 -0.9921 1.7438"),
    "statsmodels_summary2": (PATSY, "9.6354 2.6411 -0.9921 1.7438"),
}


def read(text):
    """The answers in a text."""
    return answers_of({"it": text}, ORDER, KNOWN)


@pytest.mark.parametrize("path", PRINTOUTS, ids=lambda path: path.stem)
def test_a_printout_is_read_to_the_last_digit(path):
    [answer] = answers_of({"it": path}, ORDER, KNOWN)
    names, values = PRINTED[path.stem]
    assert list(answer.names) == (names.split("|") if "|" in names else names.split())
    assert [value.text for value in answer.values] == values.split()
    assert answer.label == "it"


def test_every_program_solves_the_question_that_it_was_asked():
    found = arbitrate(TABLE, {path.stem: path for path in PRINTOUTS}, formula="effect ~ dose + group")
    assert {one.name: one.code for one in found.answers if one.code} == {"sas_glm": "SL301"}
    assert {one.name for one in found.answers if not one.all_right} == {"broom", "r_table"}  # computed, not rounded
    assert "r_narrow_coef, r_summary" in found.verdict
    assert found["r_summary"].sentence == "answers the question asked: all printed digits are right (4 to 5)."
    assert "excel" in found.verdict.split(" in all digits printed (4 to 10), broom and r_table to 1")[0]


def test_a_text_is_the_own_of_one_reader():
    """Of the first stage at which any finds something, and there is no reader that finds nothing."""
    found = set()
    for content in [*(path.read_text("utf-8") for path in PRINTOUTS), *PEOPLE.values()]:
        text = text_of("it", "f", content, ORDER, KNOWN)
        stages = sorted({one.label.stage for one in catalog})
        own = ([one.label.name for one in catalog if one.label.stage == k and list(one.function(text))] for k in stages)
        [name] = next(filter(None, own))  # no further stage is asked
        found.add(name)
    assert found == set(catalog.names()) - {"numbers alone"}


def test_several_tables_in_one_file_are_told_apart_by_their_lines():
    text = "".join(f.read_text("utf-8") + "\n\n" for f in PRINTOUTS if f.stem in ("r_coef", "r_summary", "stata"))
    labels = [answer.label for answer in read(text)]
    assert labels == ["it, line 1", "it, line 14", "it, line 38"]


def test_names_that_hold_blanks_stand_above_their_numbers():
    text = "   (Intercept) poly(dose, 3)1   `Unit Price`\n     9.6354000             NA -1.5000000e-03\n"
    [answer] = answers_of({"R": text}, ORDER, {*KNOWN, "poly(dose,3)[1]"})
    assert answer.names == ("(Intercept)", "`Unit Price`")
    assert answer.absent == ("poly(dose, 3)1",)
    assert [one.text for one in answer.values] == ["9.6354000", "-1.5000000e-03"]


def test_interactions_and_powers_of_stata_have_the_names_of_the_design():
    rows = ["c.dose#c.dose |   2.5   .1    2.0   0.0    1.0     3.0", "             |", "group#c.dose |"]
    rows += ["          b  |   1.5   .1    2.0   0.0    1.0     3.0", "             |", "  group#site |"]
    rows += ["        b 2  |   4.5   .1    2.0   0.0    1.0     3.0"]
    text = "\n".join([" y |      Coef.   Std. Err.      t    P>|t|     [95% Conf. Interval]", *rows]) + "\n"
    assert read(text)[0].names == ("dose^2", "group b:dose", "group b:site 2")


PEOPLE = {
    "programs in rows": "program,(Intercept),dose,groupb,groupc\nR,1,2,3,4\nSAS,5,6,,8\n",
    "long": "program,coefficient,value\nR,(Intercept),1\nR,dose,2\nR,groupb,3\nR,groupc,4\n"
    "SAS,(Intercept),5\nSAS,dose,6\nSAS,groupc,8\n",
    "long, in another order": "value;term;software\n1;(Intercept);R\n5;(Intercept);SAS\n2;dose;R\n6;dose;SAS\n"
    "3;groupb;R\nNA;groupb;SAS\n4;groupc;R\n8;groupc;SAS\n",
    "long, without a header": "R\t(Intercept)\t1\nR\tdose\t2\nR\tgroupb\t3\nR\tgroupc\t4\n"
    "SAS\t(Intercept)\t5\nSAS\tdose\t6\nSAS\tgroupc\t8\n",
    "programs in columns": "name,R,SAS\n(Intercept),1,5\ndose,2,6\ngroupb,3,\ngroupc,4,8\n",
}


@pytest.mark.parametrize("how", PEOPLE)
def test_one_table_of_several_programs_is_read_however_it_lies(how):
    r, sas = read(PEOPLE[how])
    assert (r.label, sas.label) == ("R", "SAS")
    assert {name: one.text for name, one in r.by_name.items()} == {
        "intercept": "1", "dose": "2", "groupb": "3", "groupc": "4",
    }  # fmt: skip
    assert {name: one.text for name, one in sas.by_name.items()} == {"intercept": "5", "dose": "6", "groupc": "8"}


def test_a_line_of_names_above_one_of_numbers_needs_no_program():
    [answer] = read("(Intercept),dose,groupb\n9.5,1.25,2\n")
    assert answer.by_name.keys() == {"intercept", "dose", "groupb"}
    assert answer.label == "it"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_files_of_windows_are_read(encoding, tmp_path):
    text = (ROOT / "tests" / "data" / "printouts" / "r_summary.txt").read_text("utf-8")
    (tmp_path / "r.txt").write_bytes(text.replace("\n", "\r\n").encode(encoding))
    [answer] = answers_of({"R": tmp_path / "r.txt"}, ORDER, KNOWN)
    assert answer.names == tuple(R.split())


ONE_ROW = "(Intercept)   9.6354     0.2120  45.458  < 2e-16 ***"
HEAD = "            Estimate Std. Error t value Pr(>|t|)\n"
REFUSED = {
    "one row of LINEST": ("1.743777\t9.635362\n", ["LINEST", "backwards", "the intercept last", "with its name"]),
    "all of LINEST": ("1.7,9.6\n0.03,0.2\n0.98,0.58\n#N/A,41\n", ["LINEST", "without names"]),
    "a NumPy array": ("[ 9.635362  1.743777\n  2.641077]\n", ["without names"]),
    "prose": ("the slope is about two\nand the intercept nine\n", ["one column", "name and value", "PROC REG"]),
    "a row of R cut off": (f"{HEAD}{ONE_ROW}\ndose          1.7438  0.03\n---\n", ["line 3", "R prints", "full width"]),
    "a row of R with a word": (f"{HEAD}{ONE_ROW}\ndose   x     0.1  45.458  < 2e-16\n", ["line 3", "'dose   x"]),
    "a row of statsmodels cut off": (
        "                 coef    std err          t      P>|t|      [0.025      0.975]\n" + "-" * 78
        + "\nIntercept      9.6354      0.212     45.458      0.000       9.207      10.063\ndose  1.7438 0.034\n",
        ["line 4", "statsmodels prints"],
    ),
    "a row of Stata cut off": (
        " y |      Coef.   Std. Err.      t    P>|t|     [95% Conf. Interval]\n----+-----\n dose |   x\n",
        ["line 3", "Stata prints"],
    ),
    "a row of SAS cut off": (
        "Variable     DF       Estimate          Error    t Value    Pr > |t|\n\nIntercept  1  9.6\n",
        ["line 3", "SAS prints"],
    ),
    "a decimal comma in a printout": (f"{HEAD}(Intercept)   9,6354     0,2120  45,458  < 2e-16\n", ["line 2"]),
    "rows of unequal length": ("name,R,SAS\ndose,1,2\nage,1\n", ["line 3", "2 cells", "such as"]),
    "the long form with a coefficient twice": (
        "R,(Intercept),1\nR,dose,2\nR,dose,3\n", ["R: the coefficient 'dose' is given twice"],
    ),
    "only a heading": (HEAD, ["one column"]),
    "names and numbers on one line": ("Intercept,9.63,dose\n", ["without names", "name,R,SAS"]),
    "only separators": ('"","\n', ["no cell that is not blank"]),
}  # fmt: skip


@pytest.mark.parametrize("how", REFUSED)
def test_what_cannot_be_read_is_refused_with_its_line_and_what_to_write(how):
    text, parts = REFUSED[how]
    with pytest.raises(StabilityLabError) as caught:
        read(text)
    for part in parts:
        assert part in str(caught.value)
    if "twice" not in how:
        assert str(caught.value).endswith("\n    name,it,SAS\n    intercept,9.635362,9.6354\n    dose,1.743777,1.7438")


def test_the_lines_that_are_shown_are_read_and_hold_the_names_of_the_table():
    order = ('a "b", c', "x\x1b[2J")
    with pytest.raises(InputError) as caught:
        answers_of({"R,\n": "1 2\n3 4\n"}, order)
    lines = caught.value.picture.replace("\n    ", "\n").lstrip()
    assert "\x1b" not in lines
    first, second = answers_of({"it": lines}, order)
    assert (first.label, second.label) == ("R,", "SAS")
    assert first.names[0] == 'a "b", c'
    assert [one.text for one in second.values] == ["9.6354", "1.7438"]


def test_a_formula_in_a_cell_is_a_text_and_no_number():
    with pytest.raises(NotNumericError, match="no number"):
        read("name,R\ndose,=1+1\n")


def test_the_command_reads_printouts_and_its_help_shows_what_to_write(tmp_path):
    (tmp_path / "linest.txt").write_text("1.7\t9.6\n", "utf-8")
    run = CliRunner().invoke
    r = str(ROOT / "tests" / "data" / "printouts" / "r_summary.txt")
    done = run(main, ["arbitrate", str(TABLE), r, "--formula", "effect ~ dose + group"])
    assert done.exit_code == 0
    assert "all printed digits are right" in done.output
    bad = run(main, ["arbitrate", str(TABLE), str(tmp_path / "linest.txt"), "--target", "effect"])
    assert bad.exit_code == 2
    assert "\n    name,linest,SAS\n    intercept,9.635362,9.6354\n" in bad.output
    shown = run(main, ["arbitrate", "--help"]).output
    assert "name,R,Excel" in shown
    assert "summary" in shown


def test_a_damaged_printout_is_read_or_refused_and_nothing_else():
    r = random.Random(4)
    texts = [path.read_text("utf-8") for path in PRINTOUTS]
    marks = [*'|\t,; \n"<.é-B#(', "NA", "1e999", "\x85", "\u2028", "\r"]
    refused = 0
    for _ in range(600):
        content = list(r.choice(texts))
        for _ in range(r.randint(1, 12)):
            place = r.randrange(len(content))
            if r.random() < 0.5:
                content[place] = r.choice(marks)
            else:
                del content[place : place + r.randint(1, 30)]
            content = content or [" "]
        try:
            read("".join(content) + "\n")
        except StabilityLabError:
            refused += 1
    assert 100 < refused < 600
