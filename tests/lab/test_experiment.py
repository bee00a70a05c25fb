"""An experiment file is a question, a grid and findings; what is wrong with one is said; the committed are whole."""

import ast
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from paths import EXPERIMENTS
from planted import GRID, experiment, with_solvers
from stabilitylab import lab, libraries, solvers
from stabilitylab.core.errors import DuplicateNameError, UnknownNameError
from stabilitylab.core.library import Library
from stabilitylab.core.types import Measurement, Status
from stabilitylab.data.equivalents import PUBLISHED
from stabilitylab.lab.experiment import Experiment, ExperimentError, Probe, find, load, select
from stabilitylab.lab.finding import Finding, Remedy
from stabilitylab.lab.trial import trials
from stabilitylab.problems import case, cases
from stabilitylab.report.rows import Rows, from_json, to_json

FOLDER = EXPERIMENTS
COMMITTED = sorted(FOLDER.glob("*.py"))
EACH = pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)


@pytest.fixture(autouse=True)
def the_catalogue_forgets_what_is_planted():
    with solvers.catalog.temporarily():
        yield


def row(solver="s", digits=5.0):
    return Measurement("p", {}, solver, "float64", "float64", "matrix", "SOLVED", "", (), None, None, {"d": digits})


ROWS = Rows((row("a", 5.0), row("b", None)))

# --- loading


def test_an_experiment_is_named_by_its_file_and_asks_its_first_line(tmp_path):
    loaded = load(experiment(tmp_path, "what_it_shows", question="Is it so?"))
    assert (loaded.name, loaded.question, loaded.text) == ("what_it_shows", "Is it so?", "A planted experiment.")
    assert loaded.path == tmp_path / "what_it_shows.py"
    assert isinstance(loaded.experiment, Experiment)


BROKEN = {
    "no EXPERIMENT": ('"""Why?"""\n', r"broken\.py has no EXPERIMENT = Experiment\(\.\.\.\)"),
    "another EXPERIMENT": ('"""Why?"""\nEXPERIMENT = 7\n', r"broken\.py has no EXPERIMENT"),
    "no docstring": (GRID, r"broken\.py has no docstring: its first line asks the question"),
    "an empty docstring": ('"""  """\n' + GRID, r"broken\.py has no docstring"),
    "a syntax error": ('"""Why?"""\nEXPERIMENT = (\n', r"broken\.py cannot be loaded: SyntaxError"),
    "an error": ('"""Why?"""\n1 / 0\n', r"broken\.py cannot be loaded: ZeroDivisionError: division by zero"),
    "a missing import": ('"""Why?"""\nimport nowhere_at_all\n', r"broken\.py cannot be loaded: ModuleNotFoundError"),
    "no text": ('"""\x00"""', r"broken\.py cannot be loaded"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_file_that_is_no_experiment_says_what_it_lacks(tmp_path, how):
    text, says = BROKEN[how]
    (tmp_path / "broken.py").write_text(text)
    with pytest.raises(ExperimentError, match=says):
        load(tmp_path / "broken.py")


def test_a_file_that_is_not_there_or_no_python_is_said(tmp_path):
    for name in ("missing.py", "readme.txt", "folder"):
        with pytest.raises(ExperimentError, match="is no Python file"):
            load(tmp_path / name)


def test_a_name_that_another_solver_has_is_refused_and_loading_twice_is_not(tmp_path):
    path = with_solvers(tmp_path, "good")
    assert load(path).experiment.routes()[0].label.name == load(path).experiment.routes()[0].label.name
    path.rename(tmp_path / "other.py")
    with pytest.raises(DuplicateNameError, match=r"planted\.good"):
        load(tmp_path / "other.py")


# --- choosing


@pytest.fixture
def folder(tmp_path):
    for name in ("qr_wins", "qr_wins_again", "svd_loses"):
        experiment(tmp_path, name)
    experiment(tmp_path, "takes_time", GRID.replace("permuted=1", 'cost="bench"'))
    experiment(tmp_path, "_private")
    (tmp_path / "notes.txt").write_text("no experiment")
    return tmp_path


def chosen(folder, *names):
    return [one.name for one in select(folder, names).experiments]


def test_all_that_are_cheap_run_when_none_is_named(folder):
    assert [path.stem for path in find(folder)] == ["qr_wins", "qr_wins_again", "svd_loses", "takes_time"]
    assert chosen(folder) == ["qr_wins", "qr_wins_again", "svd_loses"]
    assert chosen(folder, "takes_time") == ["takes_time"]


FAULTS = {
    "no experiment": ("", r"^worst\.py has no EXPERIMENT"),
    "a missing library": (
        "import a_library_nobody_has",
        r"^worst\.py cannot be loaded: .*: install a_library_nobody_has",
    ),
    "an exit": ("raise SystemExit(3)", r"^worst\.py cannot be loaded: SystemExit: 3 \(.*worst\.py, line 5\)"),
    "an unknown solver": (GRID.replace("qr.householder", "qr.hausholder"), r"^worst\.py: no solver .*qr\.householder"),
    "an unknown problem": (GRID.replace("synthetic.", "synthetik."), r"^worst\.py: no problem .*synthetic\.randsvd"),
    "an unknown metric": (
        GRID.replace('"error.normwise")', '"error.norm")'),
        r"^worst\.py: no metric .*error\.normwise",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_bad_file_is_named_and_the_others_run(folder, fault):
    text, why = FAULTS[fault]
    experiment(folder, "worst", text)
    selection = select(folder, [])
    assert [one.name for one in selection.experiments] == ["qr_wins", "qr_wins_again", "svd_loses"]
    assert list(selection.broken) == ["worst.py"]
    assert re.search(why, selection.broken["worst.py"])
    assert chosen(folder, "qr_wins") == ["qr_wins"]
    with pytest.raises((ExperimentError, UnknownNameError)):
        select(folder, ["worst", "qr_wins"])


def test_a_folder_of_bad_files_alone_has_nothing_to_run(tmp_path):
    experiment(tmp_path, "worst", "")
    with pytest.raises(ExperimentError, match=r"no experiment in .* can be run: worst\.py has no EXPERIMENT"):
        select(tmp_path, [])


def test_a_route_whose_file_cannot_be_imported_is_absent_as_one_whose_library_is_not_here(tmp_path, monkeypatch):
    why = "ModuleNotFoundError: no (planted_routes.py, line 1): install it"
    monkeypatch.setitem(libraries.catalog._broken, "rooms.planted_routes", why)
    needing = GRID.replace('"normal.cholesky"', '"planted.fit"').replace(
        "},\n        ),", "},\n needs=('planted.fit',)),"
    )
    (one,) = select(experiment(tmp_path, text=needing).parent, []).experiments
    assert [route.label.name for route in one.experiment.routes()] == ["qr.householder"]
    found = one.experiment.findings[0].check(ROWS)
    assert (found.holds, found.why) == (None, f"rooms.planted_routes could not be imported: {why}")
    with pytest.raises(UnknownNameError, match=r"'other\.fit'"):
        replace(one.experiment, solvers=("other.fit",)).routes()


def test_a_name_or_a_piece_that_fits_only_one_is_enough(folder):
    assert chosen(folder, "svd") == ["svd_loses"]
    assert chosen(folder, "again", "svd_loses.py", "again") == ["qr_wins_again", "svd_loses"]
    assert chosen(folder, "qr_wins") == ["qr_wins"], "a whole name counts before a piece of two"


def test_a_piece_of_several_names_and_one_of_none_are_refused_with_the_names(folder):
    with pytest.raises(UnknownNameError, match=r"'qr' names several experiments: qr_wins, qr_wins_again$"):
        select(folder, ["qr"])
    with pytest.raises(UnknownNameError, match=r"'lu' names no experiment: the experiments are qr_wins, .*takes_time$"):
        select(folder, ["lu"])
    with pytest.raises(UnknownNameError, match=r"'qr_win_again' names no experiment: did you mean qr_wins_again"):
        select(folder, ["qr_win_again"])


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_without_experiments_says_how_to_get_one(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExperimentError, match=r"no experiments in .*--from"):
        select(tmp_path / name, [])


# --- the grid


def test_patterns_name_routes_in_their_own_order_and_each_once():
    made = Experiment(problems=(), solvers=("svd.full", "normal.*", "normal.lu", "s?d.full"), findings=())
    names = [entry.label.name for entry in made.routes()]
    assert names[0] == "svd.full"
    assert names[1:] == sorted(name for name in solvers.names() if name.startswith("normal."))


@pytest.mark.parametrize("pattern", ["normal.*.x", "qr.housholder", ""])
def test_a_pattern_that_names_nothing_is_an_error(pattern):
    with pytest.raises(UnknownNameError, match="no solver or library route is named"):
        Experiment(problems=(), solvers=("qr.*", pattern), findings=()).routes()


def test_copies_have_their_own_truth_and_scores():
    made = Experiment((), (), (), permuted=2, scaled=1, truths=("matrix", "data"), metrics=("growth",))
    assert [variant.name for variant in made.variants("full")] == ["published", "permuted 1", "permuted 2", "scaled 1"]
    assert made.truths_of(PUBLISHED) == ("matrix", "data")
    copies = made.variants("full")[1:]
    assert {made.truths_of(variant) for variant in copies} == {("decimal",)}
    assert made.metrics_of(PUBLISHED) == ("growth",)
    assert made.metrics_of(copies[0]) == ("digits.min", "digits.supported")
    with pytest.raises(UnknownNameError, match=r"digits\.min"):
        Experiment((), (), (), metrics=("digits.mim",)).metrics_of(PUBLISHED)


def test_quick_is_a_grid_of_its_own_where_there_is_one():
    small, large = cases("classic.hilbert", n=3), cases("classic.hilbert", n=(3, 9))
    assert Experiment(large, (), (), quick=small).cases("quick") == small
    assert Experiment(large, (), ()).cases("quick") == Experiment(large, (), (), quick=small).cases("full") == large


def test_a_probe_is_plain_data_and_says_why_a_row_has_no_score():
    probe = Probe("p", ("s",), (("n", 3),))
    assert probe["n"] == 3
    assert (probe, hash(probe)) == (Probe("p", ("s",), (("n", 3),)), hash(probe))
    with pytest.raises(KeyError):
        probe["m"]
    row = probe.row("s", {"a": 1.5, "b": None}, note="b was not asked")
    assert (row["problem"], row["problem.n"], row["solver"], row["a"], row.answered) == ("p", 3, "s", 1.5, True)
    assert row.reasons == {"b": "b was not asked"}
    refused = probe.row("s", {"a": None}, status=Status.REFUSED)
    assert refused.reasons == {"a": Status.REFUSED.value}
    assert from_json(to_json(refused)) == refused


def test_what_a_probe_found_out_and_was_measured_under_is_no_parameter_of_a_problem():
    probe = Probe("p", ("s",), (("n", 3),), conditions=(("version", "1.9"),))
    assert (probe["n"], probe["version"]) == (3, "1.9")
    assert probe != Probe("p", ("s",), (("n", 3),), conditions=(("version", "1.8"),))
    row = probe.row("s", {"a": 1.5}, facts={"fate": "kept"}, warnings=("beware",))
    assert (row.parameters, row.conditions, row.facts) == ({"n": 3}, {"version": "1.9"}, {"fate": "kept"})
    assert row.warnings == ("beware",)
    assert from_json(to_json(row)) == row


# --- findings


def test_a_finding_is_its_sentence_with_computed_numbers_and_a_verdict():
    def numbers(rows):
        return {"kept": rows.values("d")[0]}

    held = Finding("It keeps {kept:.1f} digits.", lambda rows: rows.values("d")[0] > 4, numbers).check(ROWS)
    assert (held.says, held.holds, held.verdict, held.why) == ("It keeps 5.0 digits.", True, "holds", "")
    refuted = Finding("It keeps {kept}.", lambda rows: rows.values("d")[0] > 6, numbers).check(ROWS)
    assert (refuted.says, refuted.verdict, refuted.why) == ("It keeps 5.0.", "REFUTED", "")


def test_a_finding_that_needs_what_is_not_here_is_not_asked_and_says_how_to_get_it(monkeypatch):
    finding = Finding("It keeps {kept:.1f} of {all}.", lambda rows: 1 / 0, needs=("numpy.lstsq", "numpy.pinv"))
    assert "ZeroDivisionError" in finding.check(ROWS).why
    monkeypatch.setattr(Library, "missing", property(lambda self: "nowhere: get it"))
    found = finding.check(ROWS)
    assert (found.says, found.holds, found.why) == ("It keeps … of ….", None, "nowhere: get it")
    assert found.verdict == "not checked here"


FAILING = {
    "rows that are not there": (lambda rows: rows.where(solver="nobody"), "no row has solver='nobody'"),
    "scores that are not there": (lambda rows: rows.values("nothing"), "no row has a value for nothing"),
    "a route without an answer": (lambda rows: rows.all[1]["d"] > 3, "TypeError: "),
    "more rows than one": (lambda rows: next(iter(rows.where(solver="a"))).x[0], "TypeError: "),
}


@pytest.mark.parametrize("how", FAILING)
def test_a_finding_whose_evidence_is_missing_is_not_checked_and_says_why(how):
    check, why = FAILING[how]
    for finding in (
        Finding("It keeps {kept}.", check, lambda rows: {"kept": 1}),
        Finding("It keeps {kept}.", lambda rows: True, lambda rows: {"kept": check(rows)}),
    ):
        found = finding.check(ROWS)
        assert (found.says, found.verdict) == ("It keeps ….", "not checked here")
        assert why in found.why


def test_a_finding_whose_rows_leave_it_open_is_not_checked():
    found = Finding("It keeps {kept}.", lambda rows: None).check(ROWS)
    assert (found.says, found.verdict) == ("It keeps ….", "not checked here")
    assert "not measured here" in found.why


def test_a_sentence_whose_number_has_no_name_prints_no_braces():
    found = Finding("It keeps {kept}.", lambda rows: True).check(ROWS)
    assert (found.says, found.holds) == ("It keeps ….", None)
    assert "KeyError: 'kept'" in found.why


# --- what is committed

TYPED = re.compile(r"\d\.\d|\d{2,} digits|\d+ correct")
CONSTANT = re.compile(r"\b\d+e[-+]?\d+\b|`[^`]*`")  # settings of the grid, and code


def typed_numbers(says):
    """Decimal numbers in a sentence that do not come from `numbers`."""
    return TYPED.findall(CONSTANT.sub("", re.sub(r"\{[^}]*\}", "", says)))


@EACH
def test_a_committed_experiment_loads_asks_a_question_and_finds_something(path):
    loaded = load(path)
    assert loaded.question.endswith("?")
    assert loaded.text
    assert loaded.experiment.findings
    assert loaded.experiment.tables
    quick, full = (list(trials(loaded.experiment, size)) for size in ("quick", "full"))
    assert quick or loaded.experiment.absent()
    assert len(quick) <= len(full)
    assert len({*quick}) == len(quick), "a trial is named twice"
    assert len({*full}) == len(full), "a trial is named twice"


@EACH
def test_no_number_in_a_committed_finding_is_typed_by_hand(path):
    for finding in load(path).experiment.findings:
        assert not typed_numbers(finding.says), finding.says
        assert "TODO" not in finding.says
        assert finding.says.endswith(".")


@pytest.mark.parametrize("says", ["It keeps 7.8 digits.", "It has 12 digits.", "All 3 correct ones."])
def test_a_number_that_was_typed_is_seen(says):
    assert typed_numbers(says)


def test_computed_numbers_and_settings_of_the_grid_are_not_typed_results():
    assert not typed_numbers("At 1e14 `f(1.5)` keeps {kept:.1f} digits, where 3 is right.")


SCRIPT = """
if __name__ == "__main__":
    run_file(__file__)
"""


@EACH
def test_a_committed_experiment_can_be_run_as_a_script(path):
    assert path.read_text("utf-8").endswith(SCRIPT)


def taken_from_the_package(source):
    """The modules of the package that a source imports from."""
    nodes = list(ast.walk(ast.parse(source)))
    modules = [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    modules += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return {name for name in modules if name.partition(".")[0] == "stabilitylab"}


@EACH
def test_a_committed_experiment_imports_from_one_place(path):
    assert taken_from_the_package(path.read_text("utf-8")) == {"stabilitylab.lab"}


@pytest.mark.parametrize("line", ["import stabilitylab.bench", "def f():\n    from stabilitylab.cli.run import run"])
def test_another_import_is_seen(line):
    assert len(taken_from_the_package(f"from stabilitylab.lab import Finding\n{line}")) == 2


def test_what_experiments_import_is_there_and_brings_no_plotting_frames_or_terminal():
    code = "import sys, stabilitylab.lab; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"matplotlib", "pandas", "rich", "click", "sklearn", "jinja2"} & set(loaded)
    assert "numpy" in loaded
    assert all(hasattr(lab, name) for name in lab.__all__)
    assert sorted(set(lab.__all__)) == sorted(lab.__all__)


def test_a_recipe_is_hashable_and_builds_what_it_names():
    assert len({case("classic.hilbert", n=3), case("classic.hilbert", n=3)}) == 1
    assert case("classic.hilbert", n=3).build().shape == (3, 3)


def test_experiments_come_in_the_order_of_their_chapters_however_they_are_named():
    whole = select(FOLDER, [path.stem for path in COMMITTED]).experiments
    assert [one.experiment.chapter for one in whole] == list(range(1, len(whole) + 1))
    assert [one.name for one in select(FOLDER, ()).experiments] == [
        one.name for one in whole if one.experiment.cost == "run"
    ]
    last_first = [one.name for one in reversed(whole)]
    assert [one.name for one in select(FOLDER, last_first).experiments] == last_first[::-1]


# --- sentences and remedies


@pytest.mark.parametrize("value", [None, float("nan")])
def test_a_number_that_is_not_there_is_never_printed(value):
    found = Finding("It keeps {kept}.", lambda rows: True, lambda rows: {"kept": value, "unused": None}).check(ROWS)
    assert (found.says, found.verdict) == ("It keeps ….", "not checked here")
    assert found.why == "the rows lack what decides it: no value for kept"


def test_braces_that_are_meant_are_printed_once_whether_checked_or_not():
    says = "{{a}} keeps {kept:>{width}}."
    assert Finding(says, lambda rows: True, lambda rows: {"kept": 5, "width": 1}).check(ROWS).says == "{a} keeps 5."
    assert Finding(says, lambda rows: None).check(ROWS).says == "{a} keeps …."


def test_a_brace_that_is_left_open_is_refused_with_the_sentence():
    with pytest.raises(ValueError, match=r"in the sentence 'It keeps \{kept'"):
        Finding("It keeps {kept", lambda rows: True)


def test_a_remedy_is_a_finding_with_code():
    found = Remedy("Ask {who}.", lambda rows: True, lambda rows: {"who": "R"}, ("numpy.lstsq",), "\nprint(1)\n")
    checked = found.check(ROWS)
    assert (checked.says, checked.verdict, checked.code) == ("Ask R.", "holds", "print(1)")
    assert checked.needs == ("numpy.lstsq",)
    with pytest.raises(ValueError, match=r"the remedy 'Ask R.' has no code: give the lines"):
        Remedy("Ask R.", lambda rows: True, code=" \n")
