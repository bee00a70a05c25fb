"""Coefficients from several programs: how many digits of each are right, and of which question."""

from stabilitylab.diagnosis.arbitrate.judge import arbitrate as arbitrate
from stabilitylab.diagnosis.arbitrate.judge import arbitrate_question as arbitrate_question
from stabilitylab.diagnosis.arbitrate.result import Arbitration as Arbitration
from stabilitylab.diagnosis.arbitrate.result import Judged as Judged
from stabilitylab.diagnosis.arbitrate.result import JudgedCoefficient as JudgedCoefficient
