"""What a call costs beside another: CPU seconds, taken in turn so that what slows the machine slows both."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

SAMPLE = 0.02  # seconds that one sample takes at least: far above the clock's grain and the cost of asking it
LONG = 1.0  # seconds of a call beside which what is built once does not matter
FEWEST, MOST = 3, 9  # samples of each call


@dataclass(frozen=True)
class Timed:
    """Samples of CPU seconds per call, in the order taken: one for each round."""

    samples: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    def over(self, base: "Timed") -> float:
        """The median of the ratios to the samples that another call gave in the same rounds."""
        return statistics.median(own / other for own, other in zip(self.samples, base.samples, strict=True))


def costs(own: Timed | None, base: Timed, target: float | None = None) -> dict[str, float | None]:
    """The scores of a row: seconds, their ratio to base, the target and the ratio over it; None where own is."""
    ratio = None if own is None else own.over(base)
    beyond = None if ratio is None or target is None else ratio / target
    seconds = None if own is None else own.seconds
    return {"ratio": ratio, "seconds": seconds, "target": target, "ratio over target": beyond}


def interleaved(
    calls: Mapping[str, Callable[[], Any]], *, budget: float = 3.0, clock: Callable[[], float] = time.process_time
) -> dict[str, Timed]:
    """CPU seconds of each call, in rounds in which every call has its turn, for `budget` seconds or three rounds.

    Each call runs once before it is timed, so that what it builds once is not counted, and then as often in a sample
    as fills it. CPU time counts every thread of this process: hold BLAS to one. What a call raises is raised here.
    """
    repeats = {name: _enough(call, clock) for name, call in calls.items()}
    samples: dict[str, list[float]] = {name: [] for name in calls}
    started = clock()
    for done in range(1, MOST + 1):
        for name, call in calls.items():
            samples[name].append(_spent(call, repeats[name], clock) / repeats[name])
        if done >= FEWEST and clock() - started > budget:
            break
    return {name: Timed(tuple(taken)) for name, taken in samples.items()}


def _enough(call: Callable[[], Any], clock: Callable[[], float]) -> int:
    """How many calls fill a sample. The first call warms up, and says nothing unless it is long."""
    if _spent(call, 1, clock) > LONG:
        return 1
    repeats = 1
    while (spent := _spent(call, repeats, clock)) < SAMPLE:
        repeats = ceil(repeats * min(10.0, 1.2 * SAMPLE / spent))
    return repeats


def _spent(call: Callable[[], Any], repeats: int, clock: Callable[[], float]) -> float:
    """Seconds that some calls take together; never 0, since a clock has a grain."""
    started = clock()
    for _ in range(repeats):
        call()
    return max(clock() - started, 1e-9)
