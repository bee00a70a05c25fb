"""Fuzz testing of a solver that claims correct rounding: random tasks, an independent exact oracle, verdicts."""

from stabilitylab.probes.fuzz.campaign import read as read_counts
from stabilitylab.probes.fuzz.engine import CERTIFIED, certified
from stabilitylab.probes.fuzz.oracle import exact_regression, exact_solution
from stabilitylab.probes.fuzz.random_tasks import KINDS, described, random_task
from stabilitylab.probes.fuzz.task import Answer, Engine, Task, answer
from stabilitylab.probes.fuzz.verdicts import RoundingVerdict, Verdict, VerdictCounts, count_verdicts, verdict_on

__all__ = [
    "CERTIFIED",
    "KINDS",
    "Answer",
    "Engine",
    "RoundingVerdict",
    "Task",
    "Verdict",
    "VerdictCounts",
    "answer",
    "certified",
    "count_verdicts",
    "described",
    "exact_regression",
    "exact_solution",
    "random_task",
    "read_counts",
    "verdict_on",
]
