"""What costs digits on the bench, measured."""

import numpy as np
import pytest
from test_measure import DEFICIENT, FILIP, LONGLEY, NORRIS, lstsq, returning, route_of

import stabilitylab as sl
from stabilitylab import bench, problems
from stabilitylab.core.errors import RankDeficientError
from stabilitylab.core.types import Fit
from stabilitylab.data.equivalents import Variant
from stabilitylab.data.problem import Decimals, Design, Problem
from stabilitylab.scoring import metrics
from stabilitylab.scoring.score import score_solution


def test_the_cause_on_filip_names_the_cut_off():
    row = sl.measure("numpy.lstsq", FILIP)
    assert row.status == "RANK_REDUCED"
    assert row.rank == 10
    assert row.cause.startswith("rank cut-off")
    assert sl.bench.route("numpy.lstsq").label.cutoff_says in row.cause
    assert "10 of 11 directions kept, A has full rank" in row.cause
    assert sl.measure("qr.householder", FILIP).cause == ""
    unreported = sl.measure("numpy.pinv", FILIP)
    assert unreported.rank is None
    assert unreported.cause.startswith("rank cut-off")


def off_by(digits):
    return lambda A, b: bench.route("qr.householder").function(A, b) * (1 + 10.0**-digits)


def test_a_route_below_its_law_is_worse_than_theory():
    law = {"law": "columnwise", "constant": 0.12}
    honest, liar = route_of(off_by(16), **law), route_of(off_by(4), **law)
    for problem in (NORRIS, LONGLEY):
        rows = [score_solution(r, problem, bench.solve(r, problem), truth="matrix") for r in (honest, liar)]
        assert [row.verdict for row in rows] == ["as predicted", "worse than theory"]
        assert rows[0]["digits.min"] - rows[1]["digits.min"] > 4


@pytest.mark.parametrize("truth", ["matrix", "data", "decimal"])
def test_householder_qr_is_as_predicted(truth):
    names = ["nist.longley", "nist.filip", "nist.wampler4", "real.years", "classic.hilbert", "synthetic.randsvd"]
    rows = [sl.measure("qr.householder", problems.get(name)(), truth=truth) for name in names]
    assert {row.verdict for row in rows} == {"as predicted"}
    assert all(row["predicted.digits"] is not None for row in rows)


def test_a_route_without_a_law_has_no_verdict():
    assert sl.measure(lstsq, NORRIS).verdict == ""


def test_the_three_truths_of_filip_are_digits_apart():
    digits = {t: sl.measure("qr.householder", FILIP, truth=t)["digits.min"] for t in ("decimal", "data", "matrix")}
    exact = {t: sl.reference(FILIP, truth=t).rounded() for t in digits}
    agreement = {
        (s, t): sl.measure(returning(x), FILIP, truth=t)["digits.min"] for s, x in exact.items() for t in exact
    }
    assert min(agreement[t, t] for t in exact) > 15.6
    assert max(agreement["matrix", t] for t in ("decimal", "data")) < 10
    assert 10 < agreement["decimal", "data"] < 15
    assert digits["matrix"] > digits["decimal"] + 0.2


def test_deficient_data_are_scored_against_the_answer_the_route_declares():
    scored = sl.measure("numpy.lstsq", DEFICIENT)
    assert scored.status == "RANK_REDUCED"
    assert scored["digits.min"] > 12
    assert scored.cause == scored.verdict == ""
    other = sl.measure("qr.householder", DEFICIENT)
    assert other["digits.min"] is None
    assert "declares no choice" in other.reasons["digits.min"]
    with pytest.raises(RankDeficientError):
        sl.reference(DEFICIENT)


def test_columns_that_rounding_made_one_are_no_cut_offs_fault():
    """1.7e18 + i is one number in float64: the decimals have a slope, the stored matrix has none."""
    x = Decimals(tuple(17 * 10**17 + i for i in range(100)))
    y = Decimals(tuple(3 * i + i % 2 for i in range(100)))
    collapsed = Problem("collapsed", {"x": x, "y": y}, Design.line(), "planted")
    row = sl.measure("numpy.lstsq", collapsed, truth="decimal")
    assert row.status == "RANK_REDUCED"
    assert row["digits.min"] == 0
    assert row.verdict == ""
    assert row.cause.startswith("SL205 regressors stored without the digits")
    assert sl.measure("qr.householder", collapsed, truth="decimal").status == "REFUSED"


@pytest.mark.parametrize(
    "fit",
    [
        Fit(np.full(2, 1e308)),
        Fit(np.ones(2), Q=np.full((3, 2), np.nan)),
        Fit(np.ones(2), standard_errors=np.ones(5)),
        Fit(np.zeros(2), r_squared=np.nan, growth=np.inf),
    ],
)
def test_a_score_that_cannot_be_computed_is_a_reason(fit):
    row = sl.measure(returning(fit), NORRIS)
    assert row.status == "SOLVED"
    assert row["digits.min"] is not None
    assert all((row.scores[name] is None) == (name in row.reasons) for name in metrics.names())


@pytest.mark.parametrize("variant", [Variant("permuted", 3), Variant("scaled", 3)], ids=lambda variant: variant.name)
def test_the_answer_to_a_variant_is_carried_back_before_it_is_scored(variant):
    row = sl.measure("qr.householder", LONGLEY, variant=variant, truth="decimal")
    assert row["digits.min"] > 9
    assert row.x == pytest.approx(sl.reference(LONGLEY, truth="decimal").rounded(), rel=1e-9)


def test_copies_and_formats_are_named_in_the_row():
    row = sl.measure(
        "qr.householder", LONGLEY.rounded_to("float32"), variant=Variant("permuted", 3), metrics=["digits.min"]
    )
    assert (row.variant, row.format, row.works_in, row.truth) == ("permuted 3", "float32", "float32", "matrix")
    assert set(row.scores) == {"digits.min", "predicted.digits", "predicted.error"}
    assert row.problem_hash == LONGLEY.rounded_to("float32").digest[:16]
    assert sl.measure("numpy.lstsq", LONGLEY.rounded_to("float32")).works_in == "float64"


def test_a_function_without_a_label_takes_every_format():
    def doubled(A, b):
        return np.linalg.lstsq(A.astype(float), b.astype(float))[0].astype(A.dtype)

    for kind in (np.float32, np.float64, np.longdouble):
        assert sl.measure(doubled, NORRIS.rounded_to(kind)).status == "SOLVED"
