"""The audit of causes: on the solvers that are always here every row of few digits has a proven cause."""

from dataclasses import replace

import pytest

from stabilitylab.bench.causes import Found
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.lab.cause_audit import LEADERBOARD, Audit, audit

ROUTES = ("normal.inverse", "numpy.lstsq", "numpy.inv", "scipy.lsqr", "scipy.lsmr", "svd.truncated", "qr.cgs")


def test_every_row_of_few_digits_has_a_proven_cause():
    done = audit(LEADERBOARD, routes=ROUTES)
    assert len(done.few) > 25
    assert done.share == 1.0
    assert done.left == ()
    assert set(done.counts) >= {"SL101", "SL102", "SL105", "SL110"}


def test_a_cause_without_proof_does_not_count():
    (one,) = audit(["nist.filip"], routes=["numpy.inv"]).rows
    assert one.is_proven
    few = Found("SL102", "t", "error", "s", digits_before=3.0, digits_after=4.0)
    unknown = Found("SL199", "unknown", "warning", "s", witness={"status": "SOLVED"})
    for found in ((few,), (unknown,), ()):
        assert not replace(one, found=found).is_proven
        assert Audit((one, replace(one, found=found))).share == 0.5
    assert Audit(()).share == 1.0


def test_an_unknown_route_is_named():
    with pytest.raises(UnknownNameError):
        audit(["nist.filip"], routes=["numpy.invert"])
