"""Every chapter names what a person sees and what to do instead."""

import pytest

from paths import EXPERIMENTS
from stabilitylab.lab.experiment import find, load

CHAPTERS = [load(path) for path in find(EXPERIMENTS)]


@pytest.mark.parametrize("one", CHAPTERS, ids=lambda one: one.name)
def test_a_chapter_has_symptoms_and_a_remedy(one):
    assert len(one.experiment.symptoms) >= 2
    assert one.experiment.remedies
    assert all(len(symptom) <= 120 and not symptom.endswith(".") for symptom in one.experiment.symptoms)
