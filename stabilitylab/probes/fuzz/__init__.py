"""A campaign against a claim of correct rounding: problems drawn at random, an oracle of its own, verdicts."""

from stabilitylab.probes.fuzz.judge import Verdict, VerdictCounts, judged, tally
from stabilitylab.probes.fuzz.kinds import KINDS, draw
from stabilitylab.probes.fuzz.oracle import exact_solution

__all__ = ["KINDS", "Verdict", "VerdictCounts", "draw", "exact_solution", "judged", "tally"]
