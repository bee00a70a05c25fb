"""Wrong answers are told apart by what the caller heard; an answer that the data do not support is nobody's fault."""

import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab.core.types import Measurement, Status
from stabilitylab.scoring.reporting import Reporting, how_reported

LOUD = ("UserWarning: beware",)


def row(status, digits, *, supported=8.0, warnings=()):
    return Measurement(
        problem="planted",
        parameters={},
        solver="planted.route",
        format="float64",
        works_in="float64",
        truth="matrix",
        status=status.name,
        note="",
        warnings=warnings,
        rank=None,
        x=None,
        scores={"digits.min": digits, "digits.supported": supported},
    )


@pytest.mark.parametrize(
    ("measured", "heard"),
    [
        (row(Status.SOLVED, 0.3), Reporting.SILENT),
        (row(Status.SOLVED, 1.0), None),
        (row(Status.SOLVED, 0.3, supported=3.9), None),
        (row(Status.SOLVED, 0.3, supported=None), None),
        (row(Status.SOLVED, None), None),
        (row(Status.RANK_REDUCED, 0.0), Reporting.RANK_ONLY),
        (row(Status.RANK_REDUCED, 0.0, warnings=LOUD), Reporting.WARNED),
        (row(Status.RANK_REDUCED, 12.0), None),
        (row(Status.REPORTS_LOWER_RANK, 0.0), Reporting.RANK_ONLY),
        (row(Status.REPORTS_LOWER_RANK, 12.0), None),
        (row(Status.WARNED, 0.0, warnings=LOUD), Reporting.WARNED),
        (row(Status.WARNED, 9.0, warnings=LOUD), None),
        (row(Status.DROPPED, 0.0), Reporting.NOT_A_NUMBER),
        (row(Status.DROPPED, 12.0), None),
        (row(Status.NOT_FINITE, None), Reporting.NOT_A_NUMBER),
        *((row(status, None), Reporting.REFUSED) for status in (Status.REFUSED, Status.RAISED, Status.TIMED_OUT)),
        (row(Status.DIED, None), Reporting.REFUSED),
        (row(Status.UNUSABLE, None), None),
    ],
)
def test_what_is_heard(measured, heard):
    assert how_reported(measured) is heard


def test_a_row_that_was_not_scored_cannot_be_judged():
    with pytest.raises(KeyError):
        how_reported(sl.measure("numpy.lstsq", sl.problems.get("nist.norris")(), metrics=("digits.min",)))


def test_real_rows():
    filip = sl.problems.get("nist.filip")()
    assert how_reported(sl.measure("numpy.lstsq", filip)) is Reporting.RANK_ONLY
    assert how_reported(sl.measure("numpy.pinv", filip)) is Reporting.SILENT
    assert how_reported(sl.measure("qr.householder", filip)) is None
    assert how_reported(sl.measure("normal.cholesky", filip)) is Reporting.REFUSED
    assert how_reported(sl.measure(lambda A, b: np.full(11, np.nan), filip)) is Reporting.NOT_A_NUMBER
