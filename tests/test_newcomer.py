"""One new file, and nothing else: what it brings is found, sits the exam, and stands in the tables."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import brought
from paths import ROOT
from planted import GRID
from stabilitylab.conformance import questions
from stabilitylab.report.rows import read

LEADERBOARD = "the_choice_of_solver_decides_the_digits_on_nist_data"

PROBLEM = '''"""A newcomer."""

from stabilitylab.data.problem import Decimals, Design, Problem
from stabilitylab.problems import problem


@problem("newcomer.steps", source="written for a test")
def steps(m: int = 6) -> Problem:
    """A line through (0, 1), (1, 3), ..., (m-1, 2m-1): its coefficients are 1 and 2."""
    data = {"y": Decimals(tuple(2 * i + 1 for i in range(m))), "x": Decimals(tuple(range(m)))}
    tags = frozenset({"full-rank", "intercept", "consistent"})
    return Problem("newcomer.steps", data, Design.polynomial(1), "written for a test", tags)
'''

METRIC = '''"""A newcomer."""

from stabilitylab.core.types import Reference, Solution
from stabilitylab.data.problem import Problem
from stabilitylab.scoring.metrics import Score, metric


@metric("newcomer.coefficients", says="coefficients", unit="", better="")
def coefficients(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """How many coefficients there are."""
    return float(len(ref.x))
'''

EXPERIMENT = f'''"""Do newcomers count?

A newcomer.
"""
{GRID.replace('"error.normwise")', '"error.normwise", "newcomer.coefficients")')}'''


def added(decorator):
    """What the README adds with a decorator, and its name."""
    text = (ROOT / "README.md").read_text("utf-8")
    (code,) = [c for c in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL) if decorator in c]
    return code, re.search(rf'{re.escape(decorator)}\s*"([\w.]+)"', code)[1]


@pytest.fixture(scope="module")
def example():
    """The solver that the README adds, with its name."""
    return added("@solver(")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, example):
    """A copy of the package, its experiments and the tests that are the exam, with a file of each newcomer."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("stabilitylab", "experiments", "tests/conformance", "tests/support"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "tables"))
    for name in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(ROOT / name, copy / name)
    package = copy / "stabilitylab"
    for path, text in {
        package / "solvers" / "newcomer.py": f'"""A newcomer."""\n\n{example[0]}',
        package / "libraries" / "series_routes.py": f'"""A newcomer."""\n\n{added("@route(")[0]}',
        package / "problems" / "newcomer.py": PROBLEM,
        package / "scoring" / "metrics" / "newcomer.py": METRIC,
        copy / "experiments" / "newcomers_count.py": EXPERIMENT,
    }.items():
        path.write_text(text, "utf-8")
    brought.installed(copy / "elsewhere", "1.0")
    return copy


def called(checkout, *arguments):
    """Python in the copy, which must be what is imported, with the other distribution installed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    path = os.pathsep.join(map(str, (checkout, checkout / "elsewhere")))
    env = {**kept, "PYTHONPATH": path}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True)


ASKED = """
import sys
import stabilitylab as sl
from stabilitylab.bench.isolation import _workers
from stabilitylab.conformance.questions.stability import full_rank_problems
print(sl.__file__)
row = sl.measure("brought.lstsq", sl.problems.get("newcomer.steps")())
print(row.status, row["digits.min"] > 14, row["newcomer.coefficients"])
others = set(_workers)
row = sl.measure(sys.argv[1], sl.problems.get("nist.norris")(), truth="decimal")
print(row.status, row["digits.min"] > 10, [key[0] for key in _workers.keys() - others])
print(*dict(full_rank_problems()))
"""


@pytest.fixture(scope="module")
def said(checkout):
    """What one process in the copy says, line by line, of what the tests below ask."""
    done = called(checkout, "-c", ASKED, added("@route(")[1])
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_copy_is_what_is_imported(checkout, said):
    assert Path(said[0]).is_relative_to(checkout)


def test_all_newcomers_are_listed_with_their_first_lines(checkout, example):
    listed = json.loads(called(checkout, "-m", "stabilitylab", "list", "--json").stdout)
    assert listed["solvers"][example[1]].split(",")[0] in example[0]
    for kind, name in (
        ("solvers", "brought.solver"),
        ("libraries", added("@route(")[1]),
        ("libraries", "brought.lstsq"),
        ("problems", "newcomer.steps"),
        ("metrics", "newcomer.coefficients"),
        ("experiments", "newcomers_count"),
    ):
        assert listed[kind][name]


def test_new_routes_sit_the_exam_and_do_what_they_claim(checkout, example):
    names = [example[1], added("@route(")[1], "brought.lstsq", "brought.solver"]
    done = called(checkout, "-m", "stabilitylab", "exam", *names, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert list(told) == names
    for results in told.values():
        assert sum(one["verdict"] == "PASS" for one in results) >= 5


def test_new_routes_are_crossed_with_every_question_by_the_tests(checkout, example):
    names = [example[1], added("@route(")[1], "brought.lstsq", "brought.solver"]
    chosen = " or ".join(names)
    done = called(checkout, "-m", "pytest", "-n", "0", "tests/conformance/test_routes.py", "-k", chosen)
    assert done.returncode == 0, done.stdout
    passed, deselected = map(int, re.search(r"(\d+) passed, (\d+) deselected", done.stdout).groups())
    assert passed == (len(questions.names()) + 1) * len(names)  # and one test of the label
    assert deselected > 0


def test_a_new_problem_and_a_new_metric_are_measured(said):
    assert said[1] == "SOLVED True 2.0"


def test_a_new_problem_is_among_those_that_the_exam_asks(said):
    assert "newcomer.steps" in said[3].split()


def test_a_new_experiment_runs(checkout):
    done = called(checkout, "-m", "stabilitylab", "run", "newcomers_count", "--size", "quick", "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = read(checkout / "results" / "rows" / "newcomers_count.quick.rows.jsonl")
    published = rows.where(variant="published", solver="qr.householder")
    assert {row["newcomer.coefficients"] for row in published} == {3.0}


def test_a_new_solver_enters_the_leaderboard(checkout, example):
    path = checkout / "experiments" / f"{LEADERBOARD}.py"
    text = path.read_text("utf-8")
    for long, short in (("COPIES = 8", "COPIES = 1"), ('"filip", "longley", "pontius", "wampler1", ', '"longley", ')):
        assert long in text
        text = text.replace(long, short)  # the rest take only time
    path.write_text(text, "utf-8")
    done = called(checkout, "-m", "stabilitylab", "run", LEADERBOARD, "--size", "quick", "--jobs", "1")
    assert done.returncode in (0, 1), done.stderr
    table = (checkout / "results" / f"{LEADERBOARD}-table1.csv").read_text("utf-8")
    assert re.search(rf"^{re.escape(example[1])},\d", table, re.MULTILINE)
    rows = read(checkout / "results" / "rows" / f"{LEADERBOARD}.quick.rows.jsonl")
    assert {row.status for row in rows.where(solver=example[1])} <= {"SOLVED", "WARNED"}
    assert "as predicted" in {row.verdict for row in rows.where(solver=example[1])}


def test_a_new_library_runs_in_a_process_of_its_own(said):
    assert said[2] == "SOLVED True ['series']"


def test_a_second_file_that_claims_the_name_is_refused(checkout, example):
    second = checkout / "stabilitylab" / "solvers" / "newcomer_too.py"
    second.write_text(f'"""Another."""\n\n{example[0]}', "utf-8")
    done = called(checkout, "-m", "stabilitylab", "list")
    second.unlink()
    assert done.returncode == 2
    assert f"two solvers are named '{example[1]}'" in done.stderr
    assert "newcomer_too" in done.stderr
    assert "rename one of them" in done.stderr
