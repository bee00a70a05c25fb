"""A library's page holds its routes as they are declared, its worst answers, and scripts that give them again."""

import subprocess
import sys
from dataclasses import replace

import pytest

import stabilitylab as sl
from made_tables import measured
from stabilitylab import libraries
from stabilitylab.core.library import Library
from stabilitylab.lab.book import loaded_blas, write_index
from stabilitylab.lab.chapter import Chapter, write_chapter
from stabilitylab.lab.experiment import Experiment, Loaded
from stabilitylab.lab.library_page import WorstAnswers, dependent, fallen, page, script, works_in
from stabilitylab.report.blocks import Code, Text
from stabilitylab.report.rows import Rows
from stabilitylab.report.writers import markdown
from stabilitylab.scoring.reporting import in_words

METRICS = ("digits.min", "digits.supported")


def row(solver, problem, digits, status="SOLVED", supported=10.0):
    scores = {"digits.min": digits, "digits.supported": supported}
    return measured(problem, solver, status=status, scores=scores, reasons=dict.fromkeys(METRICS, "none"))


ROWS = Rows(
    (
        row("numpy.lstsq", "fine", 12.0),
        row("numpy.lstsq", "near", 9.5),
        row("numpy.lstsq", "far", 4.0),
        row("numpy.pinv", "farther", 1.0),
        row("numpy.inv", "nothing", None, "REFUSED"),
        row("numpy.inv", "not judged", None),
        row("scipy.lsqr", "fine", 10.0),
        row("qr.householder", "far", 0.0),
    )
)


@pytest.mark.parametrize(
    ("measured", "lost"), [(row("s", "p", 4.0), 6), (row("s", "p", 12.0), -2), (row("s", "p", None, "DIED"), 10)]
)
def test_how_far_an_answer_fell(measured, lost):
    assert fallen(measured) == lost
    unknown = row("s", "p", None, "DIED", supported=None)
    assert fallen(row("s", "p", None)) == fallen(row("s", "p", 3.0, supported=None)) == fallen(unknown) == 0


def test_the_worst_answers_come_first_and_who_lost_nothing_is_not_blamed():
    found = WorstAnswers(count=2).sections(ROWS)
    assert set(found) == {"numpy"}
    table, said, code = found["numpy"]
    assert [line[1].text for line in table.table.body] == ["nothing", "farther"]
    assert code == Code(script(ROWS.all[4]), "python")
    assert said == Text(("The first of them again, with no answer (refused or failed):",))
    assert set(WorstAnswers(where={"solver": "scipy.lsqr"}).sections(ROWS)) == set()


LOST = {
    "silent": row("numpy.inv", "silent", 0.5),
    "silent, more": row("numpy.inv", "silent, more", 0.2),
    "rank": row("numpy.inv", "rank", 0.0, "RANK_REDUCED"),
    "warned": replace(row("numpy.inv", "warned", 0.0), warnings=("beware",)),
    "NA": row("numpy.inv", "NA", None, "NOT_FINITE"),
    "refused": row("numpy.inv", "refused", None, "REFUSED", supported=15.0),
    "not wrong": row("numpy.inv", "not wrong", 1.5),
    "not wrong, less": row("numpy.inv", "not wrong, less", 4.0),
    "hopeless": row("numpy.inv", "hopeless", 0.0, supported=3.0),
}


def test_silent_losses_come_first_and_refusals_last_and_what_is_not_wrong_behind_them():
    (blocks,) = WorstAnswers(count=9).sections(Rows(tuple(LOST[name] for name in sorted(LOST)))).values()
    table = blocks[0].table
    order = ["silent, more", "silent", "rank", "warned", "NA", "refused", "not wrong", "not wrong, less", "hopeless"]
    assert [line[1].text for line in table.body] == order
    at = table.header.index("how it was reported")
    assert [line[at].text for line in table.body] == [
        "silent and wrong",
        "silent and wrong",
        "only the rank tells",
        "warned",
        "NA or NaN",
        "refused or failed",
        "not wrong",
        "not wrong",
        "the data support less than 4 digits",
    ]
    assert in_words(row("numpy.inv", "not judged", None)) == "not scored"


def test_a_refusal_shows_what_the_data_support_without_a_mark():
    (blocks,) = WorstAnswers(where={"status": "REFUSED"}).sections(Rows((LOST["refused"],))).values()
    table = blocks[0].table
    shown = dict(zip(table.header, (table.printed(cell) for cell in table.body[0]), strict=True))
    assert shown["digits the data support"] == "15.0"
    assert shown["correct digits, worst coefficient"] == "⊘"


def test_the_script_measures_the_row_again():
    problem = sl.problems.get("real.years")(degree=3)
    measured = replace(sl.measure("numpy.lstsq", problem, truth="decimal"), parameters={"degree": 3})
    done = subprocess.run([sys.executable, "-c", script(measured)], capture_output=True, text=True, check=True)
    said = f"{measured['digits.min']} {measured.status} {measured.warnings} {measured.note}\n{measured.x}\n"
    assert done.stdout == said


def test_a_page_holds_every_route_with_its_claims_and_what_was_found():
    found = {"Is <it> so?": [Text(("Yes.",))]}
    advice = [("Count time from the first stamp.",)]
    text = markdown.page(page(libraries.entry("scipy.lsqr").label.library, found, advice)).replace("\\", "")
    assert text.index("- Count time from the first stamp.") < text.index("### Its entry points")
    for entry in libraries.catalog:
        if entry.label.library.name == "scipy":
            assert f"| {entry.label.name} | " in text
            assert entry.label.solves in text
    assert "numpy.lstsq |" not in text
    assert "## Is &lt;it&gt; so?\n\nYes.\n" in text


def test_the_index_lists_the_pages_of_the_libraries_that_have_something_to_read(tmp_path, monkeypatch):
    experiment = Experiment(sections=(WorstAnswers(),))
    chapter = write_chapter(Loaded("chapter", tmp_path / "chapter.py", "Who?", "", experiment), ROWS, tmp_path)
    (tmp_path / "library-stale.md").write_text("of an earlier run")
    (tmp_path / "library-stale.html").write_text("of an earlier run")
    write_index([chapter], tmp_path)
    assert {path.name for path in tmp_path.glob("library-*")} == {"library-numpy.md", "library-numpy.html"}
    assert "[NumPy " in (tmp_path / "index.md").read_text("utf-8")
    assert "## Who?" in (tmp_path / "library-numpy.md").read_text("utf-8")
    monkeypatch.setattr(Library, "missing", property(lambda self: "nowhere: get it"))
    write_index([chapter], tmp_path)
    assert not list(tmp_path.glob("library-*"))
    assert "A page for each" not in (tmp_path / "index.md").read_text("utf-8")


def test_the_blas_stands_under_the_title_where_it_is_known():
    library = libraries.of_route("numpy.lstsq")
    named = markdown.page(page(library, {}, blas="OpenBLAS 0.3.30 (wheel of numpy)")).split("\n\n")
    assert named[0].startswith("# NumPy ")
    assert named[1] == "BLAS and LAPACK loaded: OpenBLAS 0.3.30 (wheel of numpy)."
    assert "BLAS and LAPACK" not in markdown.page(page(library, {}))


def test_the_blas_of_a_library_is_what_any_chapter_knows_of_it():
    """A chapter that runs R over several BLAS knows none of its own, and hid what the others know."""
    library = libraries.of_route("numpy.lstsq")
    known, unknown = (chapter_with((("NumPy", name),)) for name in ("OpenBLAS 0.3.30", ""))
    assert loaded_blas([known, unknown], library) == loaded_blas([unknown, known], library) == "OpenBLAS 0.3.30"
    assert loaded_blas([unknown], library) == ""
    assert loaded_blas([known, chapter_with((("NumPy", "MKL"),))], library) == "MKL or OpenBLAS 0.3.30"


def chapter_with(blas):
    """A chapter of which nothing matters but the BLAS that it knows."""
    return Chapter("c", "C?", "", (), (), (), (), blas=blas)


def test_what_a_route_works_in_is_the_format_of_the_data_only_where_it_takes_several():
    """R, which knows no float32, was said to work in the format that it is given."""
    said = {entry.label.name: works_in(entry.label) for entry in libraries.catalog}
    assert said["r.lm"] == said["octave.mldivide"] == said["gnuplot.fit"] == "float64"
    assert said["jax.lstsq"] == "float32"
    assert said["scipy.lstsq_gelsd"] == "the format given, float32 or float64"


def test_what_a_route_declares_of_dependent_columns_holds_where_round_off_decides():
    said = {entry.label.name: dependent(entry.label) for entry in libraries.catalog}
    assert said["octave.mldivide"] == "minimum-norm, where round-off lets it see them"
    assert (said["octave.pinv"], said["r.lm"], said["octave.ols"]) == ("minimum-norm", "basic", "nothing declared")


def test_a_route_that_refuses_is_not_said_to_drop():
    """r.qr_solve refuses, beside a cut-off whose columns were said to be dropped."""
    labels = [entry.label for entry in libraries.catalog if entry.label.deficient_answer == "refuses"]
    assert "r.qr_solve" in [label.name for label in labels]
    assert not [label.name for label in labels if "dropped" in label.cutoff_says]


def test_every_answer_to_dependent_columns_is_explained_under_the_table():
    table = next(block.table for block in page(libraries.entry("r.lm").label.library, {}) if hasattr(block, "table"))
    (legend,) = table.notes
    assert all(word in legend for word in ("minimum-norm", "basic", "refuses", "raw", "nothing is declared"))
