"""Every solver and every library route sits every question, and is as its label says."""

import pytest

from stabilitylab import bench
from stabilitylab.bench import isolation
from stabilitylab.conformance import questions, sit
from stabilitylab.data.call_form import CALL_FORMS
from stabilitylab.scoring.theory.laws import LAWS

ROUTES = bench.routes()


@pytest.fixture(autouse=True, scope="module")
def processes():
    yield
    isolation.end_all()


@pytest.mark.parametrize("question", questions.catalog, ids=lambda e: e.label.name)
@pytest.mark.parametrize("entry", ROUTES, ids=lambda e: e.label.name)
def test_a_route_passes_the_exam_but_for_the_failures_it_declares(entry, question):
    if not entry.label.available:
        pytest.skip(entry.label.lacks)
    result = sit(entry, question.function)
    assert result.as_declared, result


@pytest.mark.parametrize("entry", ROUTES, ids=lambda e: e.label.name)
def test_a_label_says_what_the_route_is_and_where_it_comes_from(entry):
    label, doc = entry.label, entry.function.__doc__ or ""
    assert entry.summary
    assert "Source:" in doc
    assert label.source
    assert label.fails.keys() <= set(questions.names())
    assert all(label.fails.values())
    assert label.call_form in CALL_FORMS
    assert label.law is None or label.law in LAWS
    assert bool(label.cutoff) == bool(label.cutoff_says)
    assert label.constant > 0
