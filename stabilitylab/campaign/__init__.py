"""A campaign against a claim of correct rounding: problems drawn at random, an oracle of its own, verdicts."""

from stabilitylab.campaign.judge import Tally, Verdict, judged, tally
from stabilitylab.campaign.kinds import KINDS, draw
from stabilitylab.campaign.oracle import exact_solution

__all__ = ["KINDS", "Tally", "Verdict", "draw", "exact_solution", "judged", "tally"]
