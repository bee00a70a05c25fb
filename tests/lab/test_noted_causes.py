"""Rows of an experiment that asks for causes: the fact, its line in the committed rows, and the table of counts."""

from dataclasses import replace

import pytest

from paths import EXPERIMENTS
from stabilitylab.core.types import CAUSE
from stabilitylab.lab.experiment import Experiment, load
from stabilitylab.lab.trial import trials
from stabilitylab.problems import case
from stabilitylab.report.committed import publish_rows, read_committed
from stabilitylab.report.rows import Rows

ASKING = Experiment(
    problems=(case("nist.filip"), case("nist.longley")), solvers=("numpy.inv", "qr.householder"), truths=("decimal",),
    metrics=("digits.min", "digits.supported"), causes=True,
)  # fmt: skip
SILENT = "wrong_answers_can_be_silent"


def rows_of(experiment):
    return Rows(tuple(row for trial in trials(experiment, "full") for row in trial.measured(experiment) if row))


@pytest.fixture(scope="module")
def asked():
    return rows_of(ASKING)


def test_only_rows_of_few_digits_get_a_cause_and_only_where_it_is_asked_for(asked):
    said = {(row.solver, row.problem): row.facts.get(CAUSE, "") for row in asked}
    assert said.pop(("numpy.inv", "nist.filip")).startswith("SL102 Gram matrix formed; without that, ")
    assert set(said.values()) == {""}
    assert all(row["digits.min"] > 4 for row in asked if CAUSE not in row.facts)
    assert not any(CAUSE in row.facts for row in rows_of(replace(ASKING, causes=False)))


def test_no_cause_of_a_score_is_lost_or_becomes_a_footnote(asked):
    plain = rows_of(replace(ASKING, causes=False))
    assert [row.cause for row in asked] == [row.cause for row in plain]
    assert [row.scores for row in asked] == [row.scores for row in plain]


def test_committed_rows_hold_the_cause_in_a_line_of_its_own(asked, tmp_path):
    (name, _) = publish_rows("e", asked, tmp_path, {})
    back = read_committed(tmp_path / name)
    assert [row.facts for row in back] == [{CAUSE: row.facts[CAUSE]} if CAUSE in row.facts else {} for row in asked]
    assert [dict(row.scores) for row in back] == [dict(row.scores) for row in asked]
    assert not any(CAUSE in row.scores or CAUSE in row.reasons for row in back)


def test_the_table_counts_answers_entry_points_and_problems_and_the_finding_what_is_unknown(asked):
    (path,) = (path for path in EXPERIMENTS.glob("*.py") if path.stem == SILENT)
    experiment = load(path).experiment
    assert experiment.causes
    one = next(row for row in asked if CAUSE in row.facts)
    planted = [
        replace(one, solver=solver, problem=problem, facts={CAUSE: f"{code} {said}"})
        for code, solver, problem, said in (
            ("SL102", "a", "p", "without that, 9 digits are kept"),
            ("SL102", "a", "q", "without that, 11 digits are kept"),
            ("SL199", "b", "p", "why"),
        )
    ]
    table = experiment.tables[1].table(Rows((*planted, replace(one, facts={}))))
    assert [[cell.text for cell in line[:4]] for line in table.body] == [
        ["SL102 Gram matrix formed", "2", "1", "2"],
        ["SL199 unknown", "1", "1", "1"],
    ]
    claim = next(one for one in experiment.findings if "a cause that is known" in one.says)
    checked = replace(claim, needs=()).check(Rows(tuple(planted)))
    assert (checked.holds, checked.says.split(" have")[0]) == (
        False,
        "Of 3 answers with fewer than four correct digits 2 (66.7%)",
    )
