"""Meanings in which an answer may differ from the question: one file each, which proposes the questions to solve."""

from stabilitylab.diagnosis.arbitrate.meanings.meaning import Meaning as Meaning
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View as View
from stabilitylab.diagnosis.arbitrate.meanings.meaning import catalog as catalog
from stabilitylab.diagnosis.arbitrate.meanings.meaning import meaning as meaning
