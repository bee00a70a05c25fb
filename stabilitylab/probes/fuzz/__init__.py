"""Fuzz testing of a solver that claims correct rounding: random problems, an independent exact oracle, verdicts."""

from stabilitylab.probes.fuzz.oracle import exact_solution
from stabilitylab.probes.fuzz.random_problems import KINDS, random_problem
from stabilitylab.probes.fuzz.verdicts import RoundingVerdict, VerdictCounts, count_verdicts, verdict_on

__all__ = [
    "KINDS",
    "RoundingVerdict",
    "VerdictCounts",
    "count_verdicts",
    "exact_solution",
    "random_problem",
    "verdict_on",
]
