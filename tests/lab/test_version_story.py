"""What the experiment on releases says where a release cannot be had, and where it answers otherwise than it did."""

from dataclasses import replace

import pytest

from paths import EXPERIMENTS
from stabilitylab import problems
from stabilitylab.lab.environments import VersionError
from stabilitylab.lab.experiment import load
from stabilitylab.report.rows import Rows
from stabilitylab.scoring.reference import reference

STORY = EXPERIMENTS / "a_new_release_can_lose_a_coefficient.py"


@pytest.fixture(scope="module")
def story():
    """The experiment, whose environments cannot be made, and its rows."""

    def cannot(wanted, say):
        raise VersionError(f"pip cannot install {wanted}")

    experiment = load(STORY).experiment
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(experiment.measure.__globals__, "interpreter", cannot)
        patch.setitem(experiment.measure.__globals__, "here", lambda route: "here")
        rows = [row for probe in experiment.rows("full") for row in experiment.measure(probe)]
    return experiment, Rows(tuple(rows))


def verdicts(experiment, rows):
    return [finding.check(rows).holds for finding in experiment.findings]


def test_what_needs_a_release_that_cannot_be_had_is_not_checked(story):
    """It was called refuted: the sentence was judged by rows that were not there."""
    experiment, rows = story
    refused = [row for row in rows if not row.answered]
    assert {row.note for row in refused} == {
        f"pip cannot install {asked}"
        for asked in (
            *("scikit-learn==1.8.0", "scikit-learn==1.9.1"),
            *("scipy==1.13.1", "scipy==1.15.3", "scipy==1.16.0", "scipy==1.17.1"),
            *("statsmodels==0.14.6", "statsmodels==0.15.0"),
        )
    }
    assert verdicts(experiment, rows) == [None] * len(experiment.findings)
    assert [table.table(rows) for table in experiment.tables]


def test_one_release_of_four_that_is_missing_leaves_the_findings_of_its_library_alone_unchecked(story):
    experiment, rows = story
    there = planted(row for row in rows if row["conditions.version"] != "1.15.3")
    assert verdicts(experiment, there) == [True, True, True, None, None, True]


def test_the_small_size_checks_what_brings_the_digits_back(monkeypatch):
    experiment = load(STORY).experiment
    monkeypatch.setitem(experiment.measure.__globals__, "interpreter", None)  # which the small size does not need
    rows = Rows(tuple(row for probe in experiment.rows("quick") for row in experiment.measure(probe)))
    assert None not in (checked := [remedy.check(rows).holds for remedy in experiment.remedies])
    assert all(checked)
    assert verdicts(experiment, rows) == [None] * len(experiment.findings)


@pytest.mark.parametrize("place", range(3))
def test_a_remedy_is_refuted_where_it_leaves_a_problem_without_digits(story, place):
    experiment, rows = story
    remedy = experiment.remedies[place]
    routes = [row.solver for row in rows if row.solver in remedy.needs]
    lost = [replace(row, scores={"digits.min": 1.0}) if row.solver in remedy.needs else row for row in rows]
    assert routes
    assert remedy.check(Rows(tuple(lost))).holds is False


@pytest.mark.parametrize("place", range(3))
def test_a_remedy_is_refuted_where_it_helps_in_the_published_units_alone(story, place):
    """`x_scale=1.0` was one, with 0.0 digits on every second copy of the same data in other units."""
    experiment, rows = story
    route = experiment.remedies[place].needs[0]
    lost = [row for row in rows if row.solver == route and row.variant == "scaled 1"]
    planted = [replace(row, scores={"digits.min": 0.0}) if row in lost else row for row in rows]
    assert lost
    assert experiment.remedies[place].check(Rows(tuple(planted))).holds is False
    assert experiment.remedies[place].check(Rows(tuple(row for row in rows if row not in lost))).holds is None


def told_by(row, *, before):
    """A row as the story has it: what the older release answers, or the newer one."""
    if not row["conditions.version"][0].isdigit() or row.solver == "exact.certified":
        return row
    if row.solver == "scipy.least_squares_lm":
        note = "`xtol` termination condition is satisfied."
        return replace(row, scores={"digits.min": 6.5 if before else 0.2}, x=(1.0,) * 6, status="SOLVED", note=note)
    if row.solver == "statsmodels.OLS":
        status, warnings = ("RANK_REDUCED", ()) if before else ("WARNED", ("SingularMatrixWarning: beware",))
        return replace(row, scores={"digits.min": 0.0}, x=(0.0, 0.0), status=status, warnings=warnings)
    rate = float(reference(problems.get("real.income_and_rate")(), truth="decimal").x[2])
    kept = {"status": "SOLVED", "x": (0.0, 0.0, rate)}
    lost = {"status": "RANK_REDUCED", "x": (0.0, 0.0, 1e-9)}
    return replace(row, scores={"digits.min": 9.0 if before else 0.2}, **(kept if before else lost))


def planted(rows, fault=lambda row, before: {}):
    olds = ("1.8.0", "0.14.6", "1.13.1", "1.15.3")
    pairs = [(told_by(row, before=(old := row["conditions.version"] in olds)), old) for row in rows]
    return Rows(tuple(replace(row, **fault(row, old)) for row, old in pairs))


def of(solver, **changes):
    """A fault in the rows of a solver's newer release."""
    return lambda row, old: changes if row.solver == solver and not old else {}


@pytest.mark.parametrize(
    ("fault", "refuted"),
    [
        (of("none"), []),
        (of("sklearn.LinearRegression", warnings=("UserWarning: beware",)), [1]),
        (of("sklearn.LinearRegression", scores={"digits.min": 9.0}), [0]),
        (of("sklearn.LinearRegression", x=(0.0, 0.0, -42718.0)), [2]),
        (of("scipy.least_squares_lm", scores={"digits.min": 9.0}), [3]),
        (of("scipy.least_squares_lm", warnings=("UserWarning: beware",)), [4]),
        (of("scipy.least_squares_lm", note="The maximum number of function evaluations is exceeded."), [4]),
        (of("statsmodels.OLS", warnings=(), status="SOLVED"), [5]),
        (of("statsmodels.OLS", scores={"digits.min": 8.0}), [5]),
        (lambda row, old: {"status": "SOLVED"} if row.solver == "statsmodels.OLS" and old else {}, [5]),
    ],
)
def test_each_finding_is_refuted_by_rows_that_tell_another_story(story, fault, refuted):
    experiment, rows = story
    expected = [place not in refuted for place in range(len(experiment.findings))]
    assert verdicts(experiment, planted(rows, fault)) == expected
