"""Every route has the cut-off, the scaling and the answer to dependent columns that its label declares, as measured."""

import pytest

from stabilitylab import libraries
from stabilitylab.probes.rank_policy import Outcome, probe
from truncating import planted, truncated

EXPLAINED = {
    "node.regression_linear": "rounds to two decimals: noise in the slope comes out as 0, like a dropped column"
}


DECIDE = [entry for entry in libraries.catalog if not entry.label.penalised]  # with a penalty there is no rank


@pytest.mark.parametrize("entry", DECIDE, ids=lambda e: e.label.name)
def test_a_route_does_what_it_declares(entry):
    if not entry.label.available:
        pytest.skip(entry.label.lacks)
    assert entry.label.name in EXPLAINED or disagreements(entry.label, probe(entry)) == []


def disagreements(label, found):
    """Where what was measured is not what a label declares, but for the questions of the exam that it says it fails."""
    said = []
    if "cuts_off_where_it_says" not in label.fails:
        said += _cutoff(label, found)
    if "solves_the_matrix_it_says" not in label.fails:
        said += _matrix(label, found)
    if "has_a_stated_answer_to_singular_data" not in label.fails and "uncertain-rank" not in label.tags:
        said += _deficient(label, found)
    return said


def _cutoff(label, found):
    seen = [one for one in (found.near, found.short) if one.cutoff]
    if label.cutoff is None:
        # A matrix inverted or a system eliminated may well be singular; what matters is an answer without a direction.
        drops = found.near.cutoff and found.near.reply.outcome is not Outcome.REFUSED
        return [f"drops what is below {found.near.cutoff:.1e}, and declares nothing"] if drops else []
    declared = label.cutoff(8, 3, 2.0 ** (1 - found.bits))
    if found.near.fate == "kept" and (declared < found.near.kept * found.near.per_share or _one_column(label)):
        return []
    fits = any(declared / 2 <= one.cutoff <= declared * 2 for one in seen)
    return [] if fits else [f"declares a cut-off of {declared:.1e}; measured {[one.cutoff for one in seen]}"]


def _one_column(label):
    """A line whose x is centred, or mapped to [-1, 1], has no column that could be small beside another."""
    return label.call_form in ("line", "polynomial") and (bool(label.centred) or label.mapped)


def _matrix(label, found):
    said = []
    if label.cutoff and found.scaled is not None and found.scaled != bool(label.scaled):
        said.append(f"{'as if scaled' if found.scaled else 'not scaled'}; declares {label.solves}")
    if label.call_form != "matrix" and label.works_in != "longdouble" and found.centred != bool(label.centred):
        said.append(f"{'as if centred' if found.centred else 'not centred'}; declares {label.solves}")
    return said


ANSWERS = {
    "minimum-norm": {Outcome.MINIMUM_NORM, Outcome.SCALED_NORM},
    "basic": {Outcome.BASIC},
    "refuses": {Outcome.REFUSED, Outcome.NOT_FINITE},
}


def _deficient(label, found):
    allowed = ANSWERS.get(label.deficient_answer, set(Outcome))
    return (
        [] if found.dependent.outcome in allowed else [f"{found.dependent.outcome}; declares {label.deficient_answer}"]
    )


LIES = {
    "cut-off": {"cutoff": lambda m, n, eps: 1e-9},
    "no cut-off": {},
    "matrix": {"cutoff": lambda m, n, eps: 1e-6, "scaled": "unit norm"},
    "policy": {"cutoff": lambda m, n, eps: 1e-6, "deficient_answer": "refuses"},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_false_declaration_is_seen(lie):
    entry = planted(truncated(1e-6), **LIES[lie])
    assert len(disagreements(entry.label, probe(entry))) == 1


def test_a_true_declaration_passes():
    entry = planted(truncated(1e-6), cutoff=lambda m, n, eps: 1e-6, deficient_answer="minimum-norm")
    assert disagreements(entry.label, probe(entry)) == []
