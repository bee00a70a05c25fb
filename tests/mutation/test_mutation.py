"""The script of mutation testing itself: mutants, the tests that reach them, outcomes, the list of equivalents."""

import json
import textwrap

import pytest

from mutation import judge as judging
from mutation import reach as reaching
from mutation import session
from mutation.mutants import mutants
from mutation.processes import in_child
from mutation.table import REQUIRED, Tally, equivalents, table

SOURCE = '''
"""A module."""

import os
from typing import TypeAlias

Pair: TypeAlias = tuple[int, int]
LIMIT = 3


def f(a: int, b: int = 2) -> int | None:
    """f of 1 and 2."""
    if a < b and not b:  # a < 3
        raise ValueError("1 + 2")
    total = 0
    for i in range(a):
        total += i % 7
    return total if a is not b else -b


class C:
    x = 5

    def g(self):
        print(f"{1 + 1}")
'''


def changes(source, count=1000, seed=1):
    return [(one.inside, one.was, one.now) for one in mutants("m.py", textwrap.dedent(source), count, seed)]


def test_mutants_change_operators_comparisons_constants_and_statements_and_no_types_or_texts():
    found = changes(SOURCE)
    expected = {
        ("", "LIMIT = 3", "LIMIT = 4"),
        ("f", "if a < b and not b:  # a < 3", "if a <= b and not b:  # a < 3"),
        ("f", "if a < b and not b:  # a < 3", "if a > b and not b:  # a < 3"),
        ("f", "if a < b and not b:  # a < 3", "if a < b or not b:  # a < 3"),
        ("f", "if a < b and not b:  # a < 3", "if a < b and b:  # a < 3"),
        ("f", 'raise ValueError("1 + 2")', "pass"),
        ("f", "total = 0", "total = (-1)"),
        ("f", "total += i % 7", "total -= i % 7"),
        ("f", "total += i % 7", "total += i * 7"),
        ("f", "total += i % 7", "total += i % 8"),
        ("f", "total += i % 7", "pass"),
        ("f", "return total if a is not b else -b", "return total if a is b else -b"),
        ("f", "return total if a is not b else -b", "return total if a is not b else b"),
        ("f", "return total if a is not b else -b", "return None"),
        ("C.", "x = 5", "x = 6"),
        ("C.g", 'print(f"{1 + 1}")', "pass"),
    }
    assert expected <= set(found)
    assert not [one for one in found if "TypeAlias" in one[1] or one[1].startswith(("import", '"""'))]
    for one in mutants("m.py", SOURCE, 1000, 1):
        compile(one.source, "m.py", "exec")
        assert one.source != SOURCE
        assert one.was.splitlines()[0] == SOURCE.splitlines()[one.first - 1].strip()


def test_a_seed_draws_the_same_mutants_and_moved_lines_change_no_name():
    assert changes(SOURCE, 9) == changes(SOURCE, 9)
    assert changes(SOURCE, 9) != changes(SOURCE, 9, seed=2)
    assert len(set(changes(SOURCE, 9))) == 9
    moved = SOURCE.replace("def f", "UNUSED = None\n\n\ndef f")
    assert set(changes(moved)) == set(changes(SOURCE))


def test_operators_are_found_across_lines_and_parentheses():
    source = """
    def f(a, b):
        return (
            (a + 1)  # * here
            * b
        ) // (b
              - a)
    """
    found = {now for _, _, now in changes(source)}
    assert {"+ b", ") % (b", "+ a)", "(a - 1)  # * here"} <= found


PLANTED = """
LIMIT = 10


def clamped(x):
    if x < 0:
        return 0
    while x > LIMIT:
        x -= 1
    return x + 0 * x


def unused():
    return 1
"""
TESTS = """
from planted_package.module import clamped

def test_ends():
    assert [clamped(x) for x in (-2, 0, 3, 10, 12)] == [0, 0, 3, 10, 10]

def test_nothing_of_it():
    assert True
"""


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A package of one module with its tests, in place of the package."""
    folder = tmp_path / "planted_package"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "module.py").write_text(PLANTED)
    (tmp_path / "test_planted.py").write_text(TESTS)
    monkeypatch.setattr(reaching, "ROOT", tmp_path)
    monkeypatch.setattr(reaching, "PACKAGE", folder)
    monkeypatch.setattr(judging, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_mutant_is_killed_or_survives_or_loops_or_is_not_reached_and_the_source_stays(planted, monkeypatch):
    module = "planted_package/module.py"
    reach = reaching.reached([planted / "test_planted.py"], planted / "cache")
    assert [bool(one.lines.get(module)) for one in reach] == [True, False]
    by_change = {(one.was, one.now): one for one in mutants(module, PLANTED, 1000, 1)}
    expected = {
        ("if x < 0:", "if x > 0:"): "killed",
        ("LIMIT = 10", "LIMIT = 11"): "killed",
        ("if x < 0:", "if x <= 0:"): "survived",  # which is equivalent: 0 for 0
        ("return x + 0 * x", "return x - 0 * x"): "survived",  # equivalent too
        ("return 1", "return 2"): "survived",  # no test reaches it, and it might run on import
    }
    found = {change: judging.judge(by_change[change], reach) for change in expected}
    assert {change: one.outcome for change, one in found.items()} == expected
    # Only the one that never ends has little time: the others could be slow to start on a busy machine.
    monkeypatch.setattr(judging, "STARTING", 1.5)
    assert judging.judge(by_change["x -= 1", "x += 1"], reach).outcome == "timed out"
    assert {one.tests for change, one in found.items() if change[0] not in ("LIMIT = 10", "return 1")} == {1}
    assert {found["LIMIT = 10", "LIMIT = 11"].tests, found["return 1", "return 2"].tests} == {2}
    assert judging.judge(by_change["return 1", "return 2"], reach[1:]).outcome == "not reached"
    assert (planted / module).read_text() == PLANTED
    # The second time nothing is run to find out what the tests reach.
    kept = next((planted / "cache").glob("*.json"))
    kept.write_text(json.dumps([{"test": "t", "seconds": 1.5, "lines": {module: [5, 6]}}]))
    (again,) = reaching.reached([planted / "test_planted.py"], planted / "cache")
    assert (again.test, again.seconds, again.lines) == ("t", 1.5, {module: frozenset({5, 6})})


def test_tests_that_fail_without_a_mutant_are_no_judges(planted):
    (planted / "test_planted.py").write_text("def test_it():\n    assert False\n")
    with pytest.raises(RuntimeError, match=r"test_planted\.py does not pass as it is"):
        reaching.reached([planted / "test_planted.py"], planted / "cache")


def test_a_child_that_takes_too_long_or_raises_is_ended():
    def loops():
        while True:
            pass

    def raises():
        raise KeyError("planted")

    assert in_child(loops, 0.2).code is None
    assert in_child(lambda: 3, 5.0).code == 3
    ended = in_child(raises, 5.0)
    assert ended.code == 70
    assert "KeyError: 'planted'" in ended.output


def test_outcomes_are_counted_and_equivalents_are_left_out(monkeypatch):
    source = (session.ROOT / "stabilitylab/exact/solve/interval.py").read_text("utf-8")
    module = "stabilitylab/exact/solve/interval.py"
    drawn = mutants(module, source, 6, 1)
    outcomes = dict(zip(drawn[1:], ["killed", "timed out", "survived", "not reached", "killed"], strict=True))
    known = {(module, drawn[0].inside, drawn[0].was, drawn[0].now): "a reason"}
    monkeypatch.setattr(session, "equivalents", lambda: known)
    monkeypatch.setattr(session, "judge", lambda one, reach: judging.Judged(one, outcomes[one], 1))
    tally, diffs = session.of_module(module, [], 6, 1)
    assert tally == Tally(module, 6, 2, 1, 2, 1)
    assert tally.share == 3 / 5 < REQUIRED
    assert len(diffs) == 2
    assert drawn[3].diff in diffs[0]
    assert f"| {module} | 6 | 2 | 1 | 2 | 1 | 60% |" in table([tally])


def test_every_equivalent_is_of_a_module_that_is_tested_and_has_a_reason():
    tested = {name for name, _ in session.modules([])}
    for (module, *_), why in equivalents().items():
        assert module in tested
        assert len(why) > 15


def test_an_equivalent_that_its_module_no_longer_has_is_named():
    source = (session.ROOT / "stabilitylab/exact/solve/interval.py").read_text("utf-8")
    module = "stabilitylab/exact/solve/interval.py"
    one = mutants(module, source, 1, 1)[0]
    known = {(module, one.inside, one.was, one.now), (module, "f", "was", "now"), ("other.py", "f", "was", "now")}
    assert session.stale(module, source, dict.fromkeys(known, "a reason")) == ["f: was -> now"]


def test_modules_are_chosen_by_pieces_of_their_names():
    assert [name for name, _ in session.modules(["solve/interval"])] == ["stabilitylab/exact/solve/interval.py"]
    assert len(session.modules([])) > 30
    with pytest.raises(ValueError, match="no module is named nowhere"):
        session.modules(["nowhere"])
