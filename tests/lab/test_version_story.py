"""What the experiment on releases says where a release cannot be had, and where it answers otherwise than it did."""

from dataclasses import replace

import pytest

from paths import EXPERIMENTS
from stabilitylab import problems
from stabilitylab.lab.environments import VersionError
from stabilitylab.lab.experiment import load
from stabilitylab.report.rows import Rows
from stabilitylab.scoring.reference import reference

STORY = EXPERIMENTS / "a_new_release_can_lose_a_coefficient_in_silence.py"


@pytest.fixture
def story(monkeypatch):
    """The experiment, whose environments cannot be made, and its rows."""

    def cannot(wanted, say):
        raise VersionError(f"pip cannot install {wanted}")

    experiment = load(STORY).experiment
    monkeypatch.setitem(experiment.measure.__globals__, "interpreter", cannot)
    monkeypatch.setitem(experiment.measure.__globals__, "here", lambda route: "here")
    rows = [row for probe in experiment.rows("full") for row in experiment.measure(probe)]
    return experiment, Rows(tuple(rows))


def verdicts(experiment, rows):
    checked = [finding.check(rows) for finding in experiment.findings]
    assert not any(one.why for one in checked)
    return [one.holds for one in checked]


def test_a_release_that_cannot_be_had_is_a_row_and_refutes(story):
    experiment, rows = story
    refused = [row for row in rows if not row.answered]
    assert {row.note for row in refused} == {
        f"pip cannot install {asked}"
        for asked in ("scikit-learn==1.8.0", "scikit-learn==1.9.1", "statsmodels==0.14.6", "statsmodels==0.15.0")
    }
    assert verdicts(experiment, rows) == [False] * 4
    assert [table.table(rows) for table in experiment.tables]


def told_by(row, *, before):
    """A row as the story has it: what the older release answers, or the newer one."""
    if row.solver == "exact.certified":
        return row
    if row.solver == "statsmodels.OLS":
        said = {"status": "SOLVED"} if before else {"status": "WARNED", "warnings": ("SingularMatrixWarning: beware",)}
        return replace(row, scores={"digits.min": 0.0}, x=(0.0, 0.0), **said)
    rate = float(reference(problems.get("real.income_and_rate")(), truth="decimal").x[2])
    kept = {"status": "SOLVED", "x": (0.0, 0.0, rate)}
    lost = {"status": "RANK_REDUCED", "x": (0.0, 0.0, 1e-9)}
    return replace(row, scores={"digits.min": 9.0 if before else 0.2}, **(kept if before else lost))


def planted(rows, fault=lambda row, before: {}):
    olds = ("1.8.0", "0.14.6")
    pairs = [(told_by(row, before=(old := row["conditions.version"] in olds)), old) for row in rows]
    return Rows(tuple(replace(row, **fault(row, old)) for row, old in pairs))


def of(solver, **changes):
    """A fault in the rows of a solver's newer release."""
    return lambda row, old: changes if row.solver == solver and not old else {}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (of("none"), [True, True, True, True]),
        (of("sklearn.LinearRegression", warnings=("UserWarning: beware",)), [True, False, True, True]),
        (of("sklearn.LinearRegression", scores={"digits.min": 9.0}), [False, True, True, True]),
        (of("sklearn.LinearRegression", x=(0.0, 0.0, -42718.0)), [True, True, False, True]),
        (of("statsmodels.OLS", warnings=(), status="SOLVED"), [True, True, True, False]),
        (of("statsmodels.OLS", scores={"digits.min": 8.0}), [True, True, True, False]),
    ],
)
def test_each_finding_is_refuted_by_rows_that_tell_another_story(story, fault, expected):
    experiment, rows = story
    assert verdicts(experiment, planted(rows, fault)) == expected
