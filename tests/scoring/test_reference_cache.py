"""The cache of references: bit for bit what was computed, keyed by content, and never believed when damaged."""

import json

import numpy as np
import pytest

from stabilitylab import Decimals, Design, Problem, reference
from stabilitylab.scoring import reference as cached

A = np.array([[1.0, 0.1], [1.0, 0.2], [1.0, 0.4], [1.0, 0.7]])
b = np.array([1.0, 0.5, 0.25, 3.0])
FIELDS = ("x", "digits", "truth", "rank", "policy", "method", "residual_norm", "standard_errors", "r_squared", "scales")


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("STABILITYLAB_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def computed(monkeypatch):
    """The references that were computed and not read."""
    calls, honest = [], cached._computed

    def counted(*arguments):
        calls.append(arguments)
        return honest(*arguments)

    monkeypatch.setattr(cached, "_computed", counted)
    return calls


def content(ref):
    """Everything a reference says, numbers as bits."""
    bits = lambda v: getattr(v, "_mpf_", v)  # noqa: E731
    return [tuple(map(bits, v)) if isinstance(v, tuple) else bits(v) for v in (getattr(ref, k) for k in FIELDS)]


def files(folder):
    return sorted(folder.rglob("*.json"))


CASES = {
    "inexact": lambda: reference(A, b),
    "exact zeros": lambda: reference(A, A[:, 0]),
    "negative": lambda: reference(A, -b),
    "no standard errors": lambda: reference(A[:2], b[:2]),
    "no R²": lambda: reference(A, np.zeros(4)),
    "deficient": lambda: reference(A[:, [0, 1, 1]], b, policy="minimum-norm"),
    "a hundred digits": lambda: reference(A, b, digits=100),
    "extremes": lambda: reference(A * [1e-300, 1e300], b),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_read_is_bit_for_bit_what_was_computed(name, folder, computed):
    first, second = CASES[name](), CASES[name]()
    assert len(computed) == len(files(folder)) == 1
    assert content(first) == content(second)


def test_equal_numbers_share_an_entry_and_one_ulp_does_not(folder, computed):
    reference(A, b)
    reference(np.asfortranarray(A), b.tolist())
    reference(Problem.from_matrix("another name", A, b))
    assert len(computed) == 1
    changed = A.copy()
    changed[2, 1] = np.nextafter(0.4, 1)
    reference(changed, b)
    reference(A, np.nextafter(b, 9))
    assert len(computed) == len(files(folder)) == 3


def test_truth_policy_digits_and_kept_columns_have_entries_of_their_own(folder, computed):
    data = {"x": Decimals.parse(["0.1", "0.2", "0.4", "0.7"]), "y": Decimals.parse(["1", "0.5", "0.25", "3"])}
    problem = Problem("p", data, Design.line(), "here")
    refs = [reference(problem, truth=t) for t in ("decimal", "data", "matrix")]
    # A line of stored data is the matrix: one entry, read under each name.
    assert [ref.truth for ref in refs] == ["decimal", "data", "matrix"]
    assert len(computed) == 2
    twice = A[:, [0, 1, 1]]
    reference(twice, b, policy="basic")
    reference(twice, b, policy="basic", kept=(0, 2))
    reference(twice, b, policy="minimum-norm")
    reference(A, b, digits=60)
    assert len(computed) == len(files(folder)) == 6


def truncated(path):
    path.write_text(path.read_text()[:-30])


def emptied(path):
    path.write_text("")


def scrambled(path):
    path.write_bytes(b"\xff\xfe\x00" + path.read_bytes())


def another_digit(path):
    sealed = json.loads(path.read_text())
    inner = json.loads(sealed["reference"])
    mantissa, mark, exponent = inner["x"][0].partition("p")
    inner["x"][0] = ("1" if mantissa[0] != "1" else "2") + mantissa[1:] + mark + exponent
    path.write_text(json.dumps({**sealed, "reference": json.dumps(inner)}))


def another_type(path):
    path.write_text(json.dumps({"sha256": 1, "reference": 2}))


def a_list(path):
    path.write_text("[1, 2]")


def a_folder(path):
    path.unlink()
    path.mkdir()


def of_another_problem(path):
    """A whole and sealed entry, under the wrong name."""
    reference(A, 2 * b)
    (other,) = [p for p in path.parent.parent.rglob("*.json") if p != path]
    other.replace(path)


DAMAGE = [truncated, emptied, scrambled, another_digit, another_type, a_list, a_folder, of_another_problem]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda f: f.__name__)
def test_a_damaged_entry_is_not_believed(damage, folder, computed):
    first = reference(A, b)
    (path,) = files(folder)
    damage(path)
    before = len(computed)
    assert content(reference(A, b)) == content(first)
    assert len(computed) == before + 1


def test_a_damaged_entry_is_replaced(folder, computed):
    reference(A, b)
    (path,) = files(folder)
    whole = path.read_text()
    truncated(path)
    reference(A, b)
    assert path.read_text() == whole
    assert not list(folder.rglob("*.part"))


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(monkeypatch, tmp_path, computed):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("STABILITYLAB_CACHE", str(blocked))
    first, second = reference(A, b), reference(A, b)
    assert content(first) == content(second)
    assert len(computed) == 2
    assert blocked.read_text() == "in the way"


def test_a_rename_that_fails_leaves_nothing_behind(monkeypatch, folder, computed):
    def refuse(*paths):
        raise PermissionError("no")

    monkeypatch.setattr(cached.os, "replace", refuse)
    reference(A, b)
    assert not [p for p in folder.rglob("*") if p.is_file()]


def test_a_problem_asked_twice_is_not_even_read_twice(folder, computed):
    problem = Problem.from_matrix("p", A, b)
    first = reference(problem)
    for path in files(folder):
        path.unlink()
    assert reference(problem) is first


def test_the_tests_do_not_use_the_users_cache():
    assert "stabilitylab-tests-" in str(cached.cache_folder())
