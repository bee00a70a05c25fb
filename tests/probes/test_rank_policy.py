"""The probe measures the rank policy of planted routes; its systems are free of rounding, and its scripts run."""

import subprocess
import sys
import warnings
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paths import ROOT
from stabilitylab import libraries
from stabilitylab.bench.call import Answer
from stabilitylab.conformance.rational import exact_array, null_space
from stabilitylab.core.types import Fit, Status, reported
from stabilitylab.probes import rank_policy
from stabilitylab.probes.rank_policy import Outcome, _last, probe, script
from stabilitylab.probes.rank_policy.outcomes import outcome_of
from stabilitylab.probes.rank_policy.systems import VARIANTS, dependent, nearly_dependent, short_column
from stabilitylab.scoring.reporting import Reporting
from truncating import planted, truncated

DESIGNS = ("matrix", "columns", "line", "polynomial")


# --- the systems


@given(st.integers(1, 50), st.sampled_from(DESIGNS), st.sampled_from(VARIANTS), st.sampled_from((8, 64)))
def test_a_nearly_dependent_system_has_full_rank_and_its_x_is_exact(k, design, variant, m):
    assert_exact(nearly_dependent(design, 2.0**-k, variant, m))


@given(st.integers(1, 56), st.sampled_from(DESIGNS), st.sampled_from(VARIANTS))
def test_a_system_with_a_short_column_has_full_rank_and_its_x_is_exact(k, design, variant):
    assert_exact(short_column(design, 2.0**-k, variant))


def assert_exact(system):
    A, b = exact_array(system.A), exact_array(system.b)
    assert not len(null_space(A))
    x = [Fraction(float(v)).limit_denominator(2**30) for v in system.x]
    assert all(np.equal(A @ np.array(x, dtype=object), b))


@pytest.mark.parametrize("design", DESIGNS)
def test_a_direction_is_a_null_vector_of_the_dependent_system_and_base_solves_it(design):
    for system in (dependent(design, v) for v in VARIANTS):
        assert np.abs(system.A @ system.direction).max() <= 1e-15
        assert np.abs(system.A @ system.base - system.b).max() <= 1e-15
        assert system.weight == 0


def test_the_ratio_of_singular_values_goes_with_the_share():
    assert nearly_dependent("line", 2.0**-20).ratio * 2**20 == pytest.approx(21**0.5 / (1 + 1.25**2), rel=1e-6)
    assert short_column("matrix", 2.0**-20).ratio * 2**20 == pytest.approx(np.sqrt(2 / (22 + 160**0.5)), rel=1e-6)


# --- planted routes


@settings(max_examples=40)
@given(st.floats(-42, -10), st.booleans())
def test_a_planted_cutoff_is_found(power, scaled):
    tau = 2.0**power
    found = probe(planted(truncated(tau, scaled=scaled)))
    assert tau / 2 < found.near.cutoff < 2 * tau
    assert found.scaled == scaled
    assert scaled or tau / 2 < found.short.cutoff < 2 * tau
    assert found.near.lost == found.near.kept / 2
    assert found.near.reply.outcome is (Outcome.SCALED_NORM if scaled else Outcome.MINIMUM_NORM)
    assert found.dependent.outcome is found.near.reply.outcome
    assert found.bits == 53
    assert found.reporting is Reporting.SILENT


def test_a_cutoff_that_grows_with_the_rows_is_told_from_one_that_does_not():
    assert probe(planted(truncated(1e-9, grows=True))).grows
    assert probe(planted(truncated(1e-9))).grows is False


def basic(A, b, x):
    return np.append(np.linalg.lstsq(A[:, :-1], b)[0], 0.0)


def refuses(A, b, x):
    raise np.linalg.LinAlgError("singular")


def warns(A, b, x):
    warnings.warn("rank deficient", UserWarning, stacklevel=2)
    return x


REPORTS = {
    "nothing": (lambda A, b, x: x, Reporting.SILENT, "", Outcome.MINIMUM_NORM),
    "the rank": (lambda A, b, x: Fit(x, rank=2), Reporting.RANK_ONLY, "rank 2 for 3", Outcome.MINIMUM_NORM),
    "a warning": (warns, Reporting.WARNED, "UserWarning: rank deficient", Outcome.MINIMUM_NORM),
    "NA": (lambda A, b, x: Fit(basic(A, b, x), dropped=(2,)), Reporting.NOT_A_NUMBER, "", Outcome.BASIC),
    "NaN": (lambda A, b, x: x * np.nan, Reporting.NOT_A_NUMBER, "", Outcome.NOT_FINITE),
    "a refusal": (refuses, Reporting.REFUSED, "LinAlgError: singular", Outcome.REFUSED),
}


@pytest.mark.parametrize("how", REPORTS)
def test_how_a_route_reports_its_cutoff_is_recorded(how):
    bites, reporting, words, outcome = REPORTS[how]

    def solve(A, b):
        x = truncated(1e-7, bites=bites)(A, b)
        return Fit(x, rank=3) if how == "the rank" and not isinstance(x, Fit) else x

    found = probe(planted(solve))
    assert (found.reporting, found.near.reply.words, found.near.reply.outcome) == (reporting, words, outcome)
    assert (found.dependent.outcome, found.dependent.reporting) == (outcome, reporting)


def test_a_coefficient_that_is_na_is_no_0_in_what_is_printed():
    found = probe(planted(lambda A, b: truncated(1e-7, bites=REPORTS["NA"][0])(A, b)))
    assert found.near.reply.x[2] == 0
    assert found.near.reply.coefficients.endswith(", NA")
    assert "NA" not in probe(planted(truncated(1e-7, bites=basic))).near.reply.coefficients


def test_an_intercept_that_the_route_adds_does_not_shift_the_na():
    def solve(X, y, intercept):
        A = np.column_stack([np.ones(len(X)), X])
        return truncated(1e-7, bites=lambda A, b, x: Fit(basic(A, b, x), dropped=(3,)))(A, y)

    assert probe(planted(solve, "columns")).near.reply.dropped == (2,)


def test_a_warning_that_a_route_always_gives_does_not_count():
    def solve(A, b):
        warnings.warn("experimental", FutureWarning, stacklevel=2)
        return Fit(truncated(1e-7)(A, b), rank=2)

    assert probe(planted(solve)).reporting is Reporting.SILENT


def test_normal_equations_have_no_cutoff_though_they_lose_the_direction():
    found = probe(planted(lambda A, b: np.linalg.solve(A.T @ A, A.T @ b)))
    assert found.near.fate == "lost to round-off"
    assert 1e-9 < found.near.lost * found.near.per_share < 1e-7
    assert (found.near.cutoff, found.short.cutoff, found.scaled, found.grows, found.reporting) == (None,) * 5
    assert found.dependent.outcome in (Outcome.ARBITRARY, Outcome.WRONG)


def test_a_decision_that_only_one_order_of_columns_meets_is_round_off():
    def by_luck(A, b):
        x = np.linalg.lstsq(A, b, rcond=1e-7)[0]
        return x if A[0, 0] == 5 else x + 0.3 * np.linalg.svd(A)[2][-1]

    assert probe(planted(by_luck)).near.fate == "lost to round-off"


def test_a_route_that_always_errs_was_never_right():
    found = probe(planted(lambda A, b: np.ones(A.shape[1])))
    assert found.near.fate == found.short.fate == "never kept"
    assert found.near.cutoff is None
    assert found.dependent.outcome is Outcome.WRONG
    assert found.offset is None


def test_a_route_that_nothing_disturbs_keeps_all():
    def exact(A, b):
        """Elimination of the systems in rationals."""
        from stabilitylab.conformance.rational import least_squares

        return np.array([float(v) for v in least_squares(exact_array(A), exact_array(b))])

    found = probe(planted(exact))
    assert found.near.fate == found.short.fate == "kept"
    assert found.centred
    assert found.offset == 48


def test_single_precision_is_noticed_and_the_questions_fit_it():
    def solve(A, b):
        return np.linalg.lstsq(A.astype(np.float32), b.astype(np.float32), rcond=1e-5)[0]

    found = probe(planted(solve))
    assert found.bits == 24
    assert 5e-6 < found.near.cutoff < 2e-5


def centring(X, y, intercept):
    assert intercept
    means = X.mean(axis=0)
    slopes = np.linalg.lstsq(X - means, y - y.mean())[0]
    return np.append(y.mean() - means @ slopes, slopes)


def appending(X, y, intercept):
    return np.linalg.lstsq(np.column_stack([np.ones(len(X)), X]), y)[0]


def test_centred_columns_keep_a_slope_that_raw_ones_lose():
    centred, raw = probe(planted(centring, "columns")), probe(planted(appending, "columns"))
    assert (centred.centred, centred.offset) == (True, 48)
    assert not raw.centred
    assert 20 <= raw.offset <= 30
    assert not probe(planted(lambda x, y, d: np.polyfit(x, y, d)[::-1], "polynomial")).centred


@pytest.mark.parametrize("kept", range(12))
def test_bisection_finds_the_last_with_any_hints(kept):
    for last in range(kept, 12):
        for hints in ((), (3,), (kept, kept + 1), (20, 0)):
            asked = []
            assert _last(lambda k: asked.append(k) or k <= kept, last, hints) == min(kept, last)  # noqa: B023
            assert len(asked) == len(set(asked))
            assert set(asked) <= set(range(1, last + 1))


def test_a_process_that_ended_is_no_refusal():
    system = nearly_dependent("matrix", 0.5)
    assert outcome_of(Answer(None, Status.DIED), system) is Outcome.PROCESS_ENDED
    assert outcome_of(Answer(None, Status.RAISED), system) is Outcome.REFUSED
    assert not Outcome.PROCESS_ENDED.decided
    assert outcome_of(Answer(None, Status.UNUSABLE), system) is Outcome.UNUSABLE
    assert not Outcome.UNUSABLE.decided


def test_a_route_that_keeps_exceeding_the_limit_is_called_no_more(monkeypatch):
    asked = []
    monkeypatch.setattr(
        rank_policy, "answered", lambda *call: asked.append(call) or Answer(None, Status.TIMED_OUT, "late")
    )
    found = probe(planted(None))
    assert len(asked) == rank_policy.MAX_LOST_CALLS
    assert found.near.fate == "never kept"
    assert (found.dependent.outcome, found.dependent.words) == (Outcome.PROCESS_ENDED, "late")


def test_an_answer_of_another_shape_is_wrong():
    found = probe(planted(lambda A, b: np.ones(1)))
    assert found.near.fate == "never kept"
    assert found.near.reply.outcome is Outcome.WRONG


def test_no_system_is_solved_twice_and_there_are_few():
    asked = []

    def solve(A, b):
        asked.append((A.tobytes(), b.tobytes()))
        A[:], b[:] = 0, 0
        return np.zeros(A.shape[1])

    probe(planted(solve))
    assert len(asked) == len(set(asked)) < 40


# --- witnesses


def run(text):
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_the_script_for_numpy_shows_the_direction_kept_and_dropped():
    kept, dropped = run(script(probe(libraries.entry("numpy.lstsq")))).splitlines()
    assert np.allclose(numbers(kept)[1:], [-4 / 3, -11 / 3, 2], atol=0.5)
    assert np.allclose(numbers(dropped)[1:], [1, -4 / 3, -1 / 3], atol=1e-6)
    assert numbers(kept)[0] == 2 * numbers(dropped)[0]


def test_the_script_for_polyfit_asks_a_line():
    kept, dropped = run(script(probe(libraries.entry("numpy.polyfit")))).splitlines()
    assert np.allclose(numbers(kept)[1:], [-1.5, 2], atol=0.5)
    assert np.allclose(numbers(dropped)[1:], [0.5, 0.4], atol=1e-6)


def test_a_script_prints_na_where_the_route_says_it():
    reply = Fit(np.array([0.5, 0.0]), dropped=(1,))
    assert str(reported(reply)) == "[0.5 NA]"
    assert str(reported(reply)[[1, 0]] * [2.0, 2.0]) == "[NA 1.0]"
    assert reported(np.ones(2)).dtype == reported(Fit(np.ones(2))).dtype == np.float64
    text = script(probe(libraries.entry("numpy.lstsq"))).replace(
        "libraries.get('numpy.lstsq')", "lambda A, b: Fit(np.zeros(3), dropped=(2,))"
    )
    printed = run("from stabilitylab.core.types import Fit\n" + text).splitlines()
    assert [line.endswith("[0.0 0.0 NA]") for line in printed] == [True, True]


def numbers(line):
    return [float(word) for word in line.replace("[", " ").replace("]", " ").split()]


def test_a_script_asks_for_what_is_lost_and_once_where_nothing_is():
    found = probe(planted(truncated(1e-9)))
    short = script(replace(found, near=replace(found.near, drops=False)))
    assert "[p, q, s * h3]" in short
    assert f"for s in [2.0**{np.log2(found.short.kept):.0f}, 2.0**{np.log2(found.short.lost):.0f}]:" in short
    kept = script(probe(libraries.entry("statistics.linear_regression")))
    assert "for s in [2.0**-50]:" in kept
    assert "route(x, b)" in kept
    assert "route(A, b, True)" in script(probe(planted(centring, "columns")))
