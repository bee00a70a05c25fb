"""The command `libraries`: a line for each route, who stayed silent, and what changed between two versions."""

import json
import os
import re
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner
from rich.console import Console

import fickle_routes
from fickle_routes import ENTRY, FICKLE
from made_tables import measured
from paths import SUPPORT
from stabilitylab import libraries
from stabilitylab.bench import isolation
from stabilitylab.bench.pool import LostTask
from stabilitylab.cli import libraries as command
from stabilitylab.cli.main import main
from stabilitylab.core.library import Library
from stabilitylab.lab import environments, version_watch
from stabilitylab.lab.library_table import EVERYDAY, STRD, digits_table
from stabilitylab.lab.version_watch import Bench, compared
from stabilitylab.lab.version_watch import measured as measured_of
from stabilitylab.report.rows import Rows, to_json


def called(*arguments, code=0):
    result = CliRunner().invoke(main, ["libraries", *map(str, arguments)])
    assert code is None or result.exit_code == code, (result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(*arguments, code=0):
    """What --json prints, which is all there is on standard output."""
    return json.loads(called(*arguments, "--json", code=code).stdout)


SMALL = ("--problem", "nist.norris", "--problem", "nist.filip", "--library", "numpy", "--library", "statistics")


def test_a_line_for_each_route_under_its_library_with_its_version():
    lines = called(*SMALL).stdout.splitlines()
    version = named("numpy").version()
    assert lines[2].split() == ["route", "norris", "filip", "not", "reported"]
    title = lines.index(f" NumPy {version}".ljust(len(lines[2])))
    routes = sorted(without_penalty("numpy"))
    assert [line.split()[0] for line in lines[title + 1 : title + 1 + len(routes)]] == routes
    (lstsq,) = [line.split() for line in lines if line.startswith("   numpy.lstsq ")]
    assert float(lstsq[1]) > 10
    assert [lstsq[2], lstsq[3][0], *lstsq[4:]] == ["0.0", "‡", "1"], "with a footnote"
    (line,) = [line.split() for line in lines if "statistics.linear_regression" in line]
    assert line[2:] == ["·", "0"]
    assert any(re.match(r"[¹²³] rank cut-off \(", line) for line in lines), "libraries that are named tell why"


def test_the_whole_table_goes_without_reasons(monkeypatch):
    numpy = named("numpy")
    monkeypatch.setattr(command, "select_libraries", lambda _: (numpy,))
    said = called("--problem", "nist.filip").stdout
    assert "numpy.lstsq" in said
    assert "¹" not in said


def test_every_route_takes_the_problems_of_strd_and_everyday_ones():
    rows = Bench((*STRD, *EVERYDAY), "decimal").rows(named("numpy"))
    assert list(dict.fromkeys(row.problem for row in rows)) == [*STRD, *EVERYDAY]
    assert {row.solver for row in rows} == without_penalty("numpy")


def without_penalty(library):
    """The routes of a library that least squares without a penalty can be given to."""
    labels = [entry.label for entry in libraries.catalog if entry.label.library.name == library]
    return {label.name for label in labels if not label.penalised}


def named(name):
    return next(one for one in libraries.each() if one.name == name)


def test_a_library_in_a_process_of_its_own_gives_the_rows_it_gives_here():
    chosen, on, seen = [named("sklearn"), named("numpy")], Bench(("nist.filip", "nist.norris"), "decimal"), []
    if chosen[0].missing:
        pytest.skip(chosen[0].missing)
    rows = measured_of(chosen, on, lambda *so_far: seen.append(so_far))
    assert rows.distinct("problem") == ["nist.filip", "nist.norris"]
    assert set(map(to_json, rows)) == {to_json(row) for one in chosen for row in on.rows(one)}
    assert seen == [("scikit-learn", 2, 2)]


def test_the_rows_of_a_process_that_dies_say_so(monkeypatch):
    sklearn, on = named("sklearn"), Bench(("nist.filip", "nist.norris"), "decimal")
    if sklearn.missing:
        pytest.skip(sklearn.missing)

    def in_processes(work, tasks, *, jobs, split, limit):
        died, lives = split(tasks.popleft())
        yield died, LostTask(died, timed_out=False)
        yield lives, (row("sklearn.LinearRegression", "nist.norris", 9.0),)

    monkeypatch.setattr(version_watch, "in_processes", in_processes)
    rows = measured_of([sklearn], on, lambda *so_far: None)
    died = rows.where(problem="nist.filip")
    assert set(died.distinct("status")) == {"DIED"}
    assert set(died.distinct("solver")) == without_penalty("sklearn")
    assert rows.where(problem="nist.norris").values("digits.min") == [9.0]


def test_programs_get_the_rows_and_the_voices():
    found = told(*SMALL)
    rows = {(row["solver"], row["problem"]): row for row in found["rows"]}
    assert rows["numpy.lstsq", "nist.filip"]["reporting"] == "only the rank tells"
    assert rows["numpy.inv", "nist.filip"]["reporting"] == "silent and wrong"
    assert rows["numpy.lstsq", "nist.norris"]["reporting"] is None
    assert rows["numpy.lstsq", "nist.norris"]["scores"]["digits.min"] > 10
    assert {row["truth"] for row in told(*SMALL, "--truth", "matrix")["rows"]} == {"matrix"}


def row(solver, problem, digits, supported=8.0, status="SOLVED", warnings=()):
    of = {"library": solver.partition(".")[0].upper(), "version": "1.0"}
    scores = {"digits.min": digits, "digits.supported": supported}
    return measured(problem, solver, status=status, warnings=warnings, conditions=of, scores=scores)


def test_what_is_not_here_is_named_with_the_command_that_brings_it(monkeypatch):
    monkeypatch.setattr(Library, "missing", property(lambda self: "" if self.name == "numpy" else "nowhere: get it"))
    said = called(*SMALL).stdout
    assert "numpy.lstsq" in said
    assert said.endswith("not here: Python statistics: nowhere: get it\n")
    assert told("--library", "statistics") == {"rows": [], "missing": {"Python statistics": "nowhere: get it"}}


BAD_USE = {
    "an unknown library": (("--library", "nmpy"), "no library is named 'nmpy': did you mean numpy"),
    "an unknown problem": (("--problem", "nist.filipp"), "did you mean nist.filip"),
    "a truth that is none": (("--truth", "data"), "'data' is not one of 'decimal', 'matrix'"),
    "an option for pip": (("--against=--index-url==1",), "expected a name and one version"),
    "an unknown distribution": (("--against", "requests==2.0"), "no route is of 'requests': "),
    "a library beside a version": (("--library", "numpy", "--against", "numpy==2.0"), "leave --library out"),
}


@pytest.mark.parametrize("how", BAD_USE)
def test_bad_use_is_exit_code_2_and_says_the_way_out(how):
    arguments, says = BAD_USE[how]
    result = called(*arguments, code=2)
    assert says in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(("width", "whole_names"), [(100, True), (60, False)])
def test_in_a_narrow_terminal_names_are_broken_and_numbers_are_not(monkeypatch, capsys, width, whole_names):
    rows = [row("numpy.a_route_with_a_long_name", f"nist.wampler{k}", 12.34) for k in range(1, 8)]
    monkeypatch.setattr(command, "screen", lambda **_: Console(width=width, force_terminal=True, no_color=True))
    command._print(digits_table(Rows(tuple(rows)), why=False))
    said = capsys.readouterr().out
    assert said.count("12.3") == 7
    assert ("numpy.a_route_with_a_long_name" in said) is whole_names
    assert max(len(re.sub(r"\x1b\[\d*m", "", line)) for line in said.splitlines()) <= width


def test_no_word_is_broken_where_output_is_redirected(capsys):
    titled = replace(row("a.b", "nist.norris", 9.0), conditions={"library": "Longtitledlibrary", "version": "1.0"})
    command._print(digits_table(Rows((titled,)), why=False))
    said = capsys.readouterr().out
    assert "Longtitledlibrary" in said
    assert "not reported: on how many problems some coefficient has less than one correct digit, although" in said


def test_a_long_version_takes_lines_and_no_width(capsys):
    one = row("numpy.lstsq", "nist.norris", 9.0)
    long = replace(one, conditions={"library": "Many", "version": "1.0 and " * 20})
    command._print(digits_table(Rows((long,)), why=False))
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if "numpy.lstsq" in line]
    assert line == "   numpy.lstsq    9.0            0 "


# --- one library in two versions


@pytest.fixture
def fickle(monkeypatch, tmp_path):
    """A library of which one version is here, and another answers in another process of the same interpreter."""
    monkeypatch.setattr(environments, "interpreter", lambda wanted, say: sys.executable)

    def between(there, here):
        monkeypatch.syspath_prepend(str(fickle_routes.installed(tmp_path / "here", here)))
        monkeypatch.delitem(sys.modules, "fickle", raising=False)
        path = [fickle_routes.installed(tmp_path / "there", there), SUPPORT]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, path)))
        return "--against", f"fickle_lib=={there}", "--problem", "nist.norris", "--problem", "nist.longley"

    with libraries.catalog.temporarily(ENTRY):
        yield between
    isolation.end_all()
    sys.modules.pop("fickle", None)


def test_digits_that_the_version_here_lost_are_named_and_end_in_1(fickle):
    said = called(*fickle("1.0", here="2.0"), code=1).stdout
    assert said.split()[:4] == ["What", "changed", "in", "Fickle:"]
    header, norris = (next(line.split() for line in said.splitlines() if word in line) for word in ("1.0  ", "norris"))
    assert header == ["route", "problem", "1.0", "2.0"]
    assert norris[:2] == ["fickle.lstsq", "nist.norris"]
    assert float(norris[2]) > 10
    assert norris[3:] == ["0.0", "●¹"]
    assert "Beside NumPy " in said
    assert said.endswith("Fickle 1.0 -> 2.0: 2 changed, 0 the same; 2 lost digits or their answer\n")


def test_a_newer_version_than_the_one_here_comes_after_it(fickle):
    found = told(*fickle("2.0", here="1.0"), code=1)
    assert [(step["before"], step["after"], step["worse"]) for step in found] == [("1.0", "2.0", 2)]


@pytest.mark.parametrize(("there", "here"), [("2.0rc1", "2.0"), ("2.0", "2.0rc1"), ("2.0.dev3", "2.0a1")])
def test_a_candidate_comes_before_its_release(fickle, there, here):
    (step,) = told(*fickle(there, here=here), code=None)
    assert [step["before"], step["after"]] == sorted([there, here], key=["2.0.dev3", "2.0a1", "2.0rc1", "2.0"].index)


def test_an_answer_that_became_an_error_is_a_loss(fickle):
    (step,) = told(*fickle("2.0", here="3.0"), code=1)
    assert {change["after"]["status"] for change in step["changed"]} == {"RAISED"}
    assert step["worse"] == 2


def test_other_words_are_a_change_and_no_loss(fickle):
    said = called(*fickle("1.0", here="1.1")).stdout
    assert "UserWarning: beware" in said
    assert said.endswith("Fickle 1.0 -> 1.1: 2 changed, 0 the same; 0 lost digits or their answer\n")


def test_a_version_that_changed_nothing_gets_a_line_and_no_table(fickle):
    said = called(*fickle("1.0", here="1.0")).stdout
    assert said == "Fickle 1.0 -> 1.0: 0 changed, 2 the same; 0 lost digits or their answer\n"


def test_what_a_label_claims_is_not_claimed_of_another_version(fickle):
    (step,) = told(*fickle("1.0", here="2.0"), code=1)
    assert {change["before"]["cause"] for change in step["changed"]} == {""}
    assert {change["before"]["verdict"] for change in step["changed"]} == {""}
    assert all("as it is here" in change["after"]["cause"] for change in step["changed"])


def test_a_library_that_is_not_here_cannot_be_compared(fickle, monkeypatch):
    arguments = fickle("1.0", here="2.0")
    monkeypatch.setattr(Library, "missing", property(lambda self: "nowhere: get it" if self is FICKLE else ""))
    assert "no Fickle is here to compare with: nowhere: get it" in called(*arguments, code=2).stderr


def test_other_versions_of_numpy_and_scipy_are_named(fickle, monkeypatch):
    arguments = fickle("1.0", here="2.0")
    monkeypatch.setattr(environments, "version_in", lambda python, library, worker: "0.1")
    assert " here, 0.1 there" in called(*arguments, code=1).stdout


def test_a_change_is_a_digit_or_a_word():
    before = [row("s", "p", 9.0), row("s", "q", 9.0), row("s", "r", 9.0), row("s", "t", None, status="REFUSED")]
    after = [row("s", "p", 8.1), row("s", "q", 8.0), row("s", "r", 9.0, status="WARNED"), row("s", "t", 1.0)]
    found = compared(before, after)
    assert [change.after.problem for change in found.changed] == ["q", "r", "t"]
    assert [change.after.problem for change in found.worse] == ["q"]
    assert found.same == 1
