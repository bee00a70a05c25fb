"""Fuzz testing of a solver that claims correct rounding: random problems, an independent exact oracle, verdicts."""

from stabilitylab.probes.fuzz.oracle import exact_solution
from stabilitylab.probes.fuzz.random_problems import KINDS, random_problem
from stabilitylab.probes.fuzz.verdicts import Verdict, VerdictCounts, tally, verdict_on

__all__ = ["KINDS", "Verdict", "VerdictCounts", "exact_solution", "random_problem", "tally", "verdict_on"]
