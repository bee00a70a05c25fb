"""The README says what is true: its example runs, its table is the committed one, its solver sits in the catalogue."""

import csv
import re

import numpy as np
import pytest

import stabilitylab
from paths import ROOT
from stabilitylab import solvers
from stabilitylab.report.committed import environments

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.S)


def block(word):
    """The one block of Python that holds a word."""
    (found,) = (text for text in BLOCKS if word in text)
    return found


def test_the_example_prints_what_the_text_promises(capsys):
    exec(compile(block("longley = "), "README.md", "exec"), {})
    lost, kept, sentence, nist, scored = capsys.readouterr().out.splitlines()
    assert float(lost) < 1 < 8 < float(kept)
    assert re.fullmatch(r"numpy\.lstsq on nist\.longley: \d+\.\d correct digits .*decimal truth, float64\)", sentence)
    assert scored.startswith(f"answer on mine: {float(lost):.1f} correct digits in the worst coefficient")
    digits, backward_error, status = nist.split()
    assert float(digits) > 9
    assert float(backward_error) < 10
    assert status == "SOLVED"


def test_the_certified_examples_run_and_agree(capsys):
    space = {}
    exec(compile(block("longley = "), "README.md", "exec"), space)
    capsys.readouterr()
    exec(compile(block("GramAccumulator(2)"), "README.md", "exec"), space)
    said = capsys.readouterr().out
    assert space["fit"].x.tolist() == stabilitylab.reference(space["A"], space["b"]).rounded().tolist()
    assert "each the double nearest to the exact one" in said
    assert "Checked(valid=True" in said
    without = stabilitylab.lstsq(space["A"][100:], space["b"][100:])
    assert str(without.x) in said


def test_a_table_is_fitted_summarised_and_predicted_and_a_cluster_gives_the_same_bits(capsys):
    pytest.importorskip("pandas")
    space = {"__name__": "readme"}
    exec(compile(block("flats = "), "README.md", "exec"), space)
    said = capsys.readouterr().out
    assert "Certified least squares of price" in said
    assert "R² about zero" in said
    assert "1 row, prediction intervals at level 0.95" in said
    fits, exact = (
        space["fits"],
        stabilitylab.reference(np.c_[np.ones(8), space["flats"][["area", "age"]]], space["flats"]["price"]),
    )
    assert fits["price"].x.tolist() == exact.rounded().tolist()
    pytest.importorskip("dask.dataframe")
    pytest.importorskip("distributed")
    exec(compile(block("Client("), "README.md", "exec"), {**space, "__name__": "__main__"})
    same, *differences = capsys.readouterr().out.split(maxsplit=1)
    assert same == "True"
    assert set(re.findall(r"-?\d[\d.e+-]*", differences[0])) == {"0."}


def test_the_solver_of_the_example_is_one():
    before = solvers.names()
    with solvers.catalog.temporarily():
        exec(compile(block("@solver("), "README.md", "exec"), {"__name__": "readme"})
        (name,) = set(solvers.names()) - set(before)
        A, x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), np.array([1.0, -1.0])
        assert np.allclose(solvers.get(name)(A, A @ x), x)


@pytest.mark.parametrize("found", re.findall(r"<!-- table (\S+) (\d+) -->\n(.*?)\n?<!-- end -->", README, flags=re.S))
def test_an_embedded_table_is_the_committed_one(found):
    name, number, body = found
    chapter = (ROOT / "experiments" / "tables" / f"{name}.md").read_text("utf-8")
    tables = re.findall(rf"(### (?:(?!### ).)*?)\n+\[CSV\]\({name}-table{number}\.csv\)", chapter, flags=re.S)
    assert body.strip() == tables[0].strip()


def test_every_picture_and_link_is_there():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("name", ["run", "test"])
def test_the_two_commands_stand_between_their_marks(name):
    (command,) = re.findall(rf"<!-- {name} -->\n```sh\n(.+)\n```\n<!-- end -->", README)
    assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")


def column(name, number, header):
    """The values of one column of a committed table, by the first column."""
    with (ROOT / "experiments" / "tables" / f"{name}-table{number}.csv").open(newline="") as file:
        return {row["solver"]: float(row[header]) for row in csv.DictReader(file) if row[header]}


def test_the_figures_of_the_opening_stand_in_the_tables():
    filip = column("the_choice_of_solver_decides_the_digits_on_nist_data", 1, "nist.filip")
    ours = [digits for solver, digits in filip.items() if solver.startswith("numpy.")]
    assert "differ by ten digits" in README
    assert max(ours) - min(ours) > 10
    slope = column("timestamps_as_regressors_lose_the_slope", 1, "s")["numpy.lstsq"]
    assert "a slope of 1e-6 where 3 is right" in README
    assert slope == pytest.approx(1e-6, rel=0.5)


def test_one_version_is_told_everywhere():
    version = stabilitylab.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\n## {version} " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_instructions_install_the_blas_of_the_committed_tables():
    """Another BLAS gives R, Octave, gretl and Scilab other digits."""
    packages = {"OpenBLAS": "libopenblas0-pthread", "reference BLAS": "libblas3"}
    (installs,) = re.findall(r"`apt\s+install ([^`]*)`", README)
    made_with = [
        made_in.get("system BLAS", "OpenBLAS") for made_in in environments(ROOT / "experiments/tables").values()
    ]
    assert made_with
    for name in {next(one for one in packages if text.startswith(one)) for text in made_with}:
        assert packages[name] in installs.split()
        assert f"made with {name}, from `{packages[name]}`" in " ".join(README.split())


def test_ones_own_data_get_the_verdicts_that_the_text_shows(capsys):
    exec(compile(block("sl.arbitrate("), "README.md", "exec"), {})
    verdict, code, model, answers = (line for line in capsys.readouterr().out.splitlines() if "=" not in line[:9])
    assert verdict.startswith("numpy.lstsq gives no correct digit of any coefficient")
    assert "rank cut-off removed a direction (SL101). Measure t from the first row" in verdict
    assert code.startswith("SL101 ")
    assert "SL111" in model
    assert answers.startswith("ours answers the question asked")
