"""Fitted models of libraries as questions: the regression that they answer, and the answer that they gave."""

from stabilitylab.diagnosis.models.asked_of_model import asked_of_model as asked_of_model
from stabilitylab.diagnosis.models.asked_of_model import is_of_library as is_of_library
