"""One new file, and nothing else: a solver or a library is listed, sits the exam and enters the leaderboard."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paths import ROOT
from stabilitylab.report.rows import read

LEADERBOARD = "the_choice_of_solver_decides_the_digits_on_nist_data"


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
    """A copy of the package, its experiments and the exam, with the newcomer's file."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("stabilitylab", "tests/exam", "experiments"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "tables"))
    for name in ("test_exam.py", "conftest.py"):
        shutil.copy(ROOT / "tests" / name, copy / "tests" / name)
    (copy / "stabilitylab" / "solvers" / "newcomer.py").write_text(f'"""A newcomer."""\n\n{example[0]}', "utf-8")
    library = copy / "stabilitylab" / "libraries" / "series_routes.py"
    library.write_text(f'"""A newcomer."""\n\n{added("@route(")[0]}', "utf-8")
    return copy


def called(checkout, *arguments):
    """Python in the copy, which must be what is imported."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    env = {**kept, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True)


def test_the_copy_is_what_is_imported(checkout):
    said = called(checkout, "-c", "import stabilitylab; print(stabilitylab.__file__)").stdout
    assert Path(said.strip()).is_relative_to(checkout)


def test_a_new_solver_is_listed_with_its_first_line(checkout, example):
    listed = json.loads(called(checkout, "-m", "stabilitylab", "list", "--json").stdout)
    assert example[1] in listed["solvers"]
    assert listed["solvers"][example[1]].split(",")[0] in example[0]


def test_a_new_solver_sits_the_exam_and_passes(checkout, example):
    done = called(checkout, "-m", "pytest", "-q", "-p", "no:xdist", "tests/test_exam.py", "-k", example[1])
    assert done.returncode == 0, done.stdout
    passed, deselected = map(int, re.search(r"(\d+) passed, (\d+) deselected", done.stdout).groups())
    assert 5 <= passed < deselected


def test_a_new_solver_enters_the_leaderboard(checkout, example):
    path = checkout / "experiments" / f"{LEADERBOARD}.py"
    text = path.read_text("utf-8")
    assert "COPIES = 8" in text
    path.write_text(text.replace("COPIES = 8", "COPIES = 1"), "utf-8")  # the rest of the eight take only time
    done = called(checkout, "-m", "stabilitylab", "run", LEADERBOARD, "--size", "quick", "--jobs", "2")
    assert done.returncode in (0, 1), done.stderr
    table = (checkout / "results" / f"{LEADERBOARD}-table1.csv").read_text("utf-8")
    assert re.search(rf"^{re.escape(example[1])},\d", table, re.MULTILINE)
    rows = read(checkout / "results" / "rows" / f"{LEADERBOARD}.quick.rows.jsonl")
    assert {row.status for row in rows.where(solver=example[1])} <= {"SOLVED", "WARNED"}
    assert "as predicted" in {row.verdict for row in rows.where(solver=example[1])}


def test_a_new_library_is_listed_sits_the_exam_and_runs_in_a_process_of_its_own(checkout):
    name = added("@route(")[1]
    assert name in json.loads(called(checkout, "-m", "stabilitylab", "list", "--json").stdout)["libraries"]
    done = called(checkout, "-m", "pytest", "-q", "-p", "no:xdist", "tests/test_exam.py", "-k", name)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    code = (
        "import stabilitylab as sl, sys; from stabilitylab.bench.isolation import _workers;"
        f"row = sl.measure({name!r}, sl.problems.get('nist.norris')(), truth='decimal');"
        "print(row.status, row['digits.min'] > 10, [name for name, _ in _workers])"
    )
    assert called(checkout, "-c", code).stdout == "SOLVED True ['series']\n"


def test_a_second_file_that_claims_the_name_is_refused(checkout, example):
    second = checkout / "stabilitylab" / "solvers" / "newcomer_too.py"
    second.write_text(f'"""Another."""\n\n{example[0]}', "utf-8")
    done = called(checkout, "-m", "stabilitylab", "list")
    second.unlink()
    assert done.returncode == 2
    assert f"two solvers are named '{example[1]}'" in done.stderr
    assert "newcomer_too" in done.stderr
    assert "rename one of them" in done.stderr
