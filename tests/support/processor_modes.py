"""Other modes of the processor, those that the fuzz campaign draws; on Linux x86-64 no test of them is skipped."""

from stabilitylab.probes.fuzz.modes import AVAILABLE as HERE
from stabilitylab.probes.fuzz.modes import FLUSHING, MODES, ROUNDING, in_mode

__all__ = ["FLUSHING", "HERE", "MODES", "ROUNDING", "in_mode"]
