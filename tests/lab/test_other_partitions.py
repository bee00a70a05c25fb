"""The chapter on other partitions: its numbers come of its rows, and one bit that moves refutes the remedy."""

import sys
from dataclasses import replace

import pytest

from paths import ROOT
from stabilitylab.core.types import Status
from stabilitylab.lab.experiment import Probe, load
from stabilitylab.report.rows import Rows

CHAPTER = load(ROOT / "experiments" / "the_same_rows_in_other_partitions_give_other_digits.py")
CODE = sys.modules[f"stabilitylab_experiment_{CHAPTER.name}"]


def row(route, blocks, x, digits, table="powers"):
    probe = Probe(table, (route,), (), (("m", 9), ("order", "as given"), ("blocks", blocks)))
    return replace(probe.row(route, {"digits.min": digits}, status=Status.SOLVED), x=tuple(x))


def test_digits_that_answers_agree_on_are_of_the_coefficient_that_moves_most():
    of = [row("r", 1, (1.0, 2.0), 9.0), row("r", 2, (1.0, 2.0002), 4.0), row("r", 3, (1.0, 2.0), 9.0)]
    assert CODE.agreed(of) == pytest.approx(4.0)
    assert CODE.different(of) == 2
    assert CODE.kept(of) == (4.0, 9.0)
    assert CODE.agreed(of[::2]) == CODE.CAP


def test_one_bit_that_moves_refutes_the_remedy():
    (remedy,) = CHAPTER.experiment.remedies
    same = [row(CODE.OURS, k, (1.0, 2.0), CODE.CAP) for k in (1, 2)]
    assert remedy.check(Rows(tuple(same))).holds
    moved = [same[0], row(CODE.OURS, 2, (1.0, 2.0000000000000004), CODE.CAP)]
    assert remedy.check(Rows(tuple(moved))).holds is False
    assert remedy.check(Rows((same[0], replace(same[1], scores={"digits.min": 14.0})))).holds is False


def test_a_route_that_no_arrangement_changes_refutes_that_all_do():
    every = CHAPTER.experiment.findings[-1]
    rows = [row(CODE.SUMS, k, (1.0, 2.0 + k), 3.0) for k in (1, 2)]
    assert every.check(Rows(tuple(rows))).holds
    rows += [row(CODE.QR, k, (1.0, 2.0), 3.0) for k in (1, 2)]
    assert every.check(Rows(tuple(rows))).holds is False


def test_the_rows_of_an_arrangement_are_all_rows():
    A, b = CODE.DATA["powers"](50), CODE.made("powers", 50).b
    for order in CODE.ORDERS:
        blocks = CODE.arranged(A, b, order, 7)
        assert len(blocks) == 7
        assert sorted(v for _, part in blocks for v in part) == sorted(b)
