"""CPU time of several calls, measured alternately, so that a change in the machine's speed affects all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

SAMPLE = 0.02  # least seconds of one sample: far above the resolution of the clock and the cost of reading it
LONG = 1.0  # seconds of a first call above which no second one is made: caches built in it are small beside it
FEWEST, MOST = 3, 9  # least and largest number of samples of each call


@dataclass(frozen=True)
class Timed:
    """CPU seconds per call, one sample for each round of `interleaved`, in order."""

    samples: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    def over(self, base: "Timed") -> float:
        """The median over the rounds of own sample / base sample."""
        return statistics.median(own / other for own, other in zip(self.samples, base.samples, strict=True))


def costs(own: Timed | None, base: Timed, target: float | None = None) -> dict[str, float | None]:
    """The scores of a row: seconds, their ratio to base, the target, ratio / target; None where they are unknown."""
    ratio = None if own is None else own.over(base)
    beyond = None if ratio is None or target is None else ratio / target
    seconds = None if own is None else own.seconds
    return {"ratio": ratio, "seconds": seconds, "target": target, "ratio over target": beyond}


def interleaved(
    calls: Mapping[str, Callable[[], Any]], *, budget: float = 3.0, clock: Callable[[], float] = time.process_time
) -> dict[str, Timed]:
    """The CPU seconds of each call; a round takes one sample of every call.

    There are at least FEWEST and at most MOST rounds, and none begins after `budget` seconds but for the first FEWEST.
    Each call runs once untimed, so that caches are filled, and in a sample as often as makes SAMPLE seconds. CPU time
    is summed over all threads of this process: limit BLAS to one. What a call raises is raised here.
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
    """The number of calls that take SAMPLE seconds together; 1 where the first, untimed call takes more than LONG."""
    if _spent(call, 1, clock) > LONG:
        return 1
    repeats = 1
    while (spent := _spent(call, repeats, clock)) < SAMPLE:
        repeats = ceil(repeats * min(10.0, 1.2 * SAMPLE / spent))
    return repeats


def _spent(call: Callable[[], Any], repeats: int, clock: Callable[[], float]) -> float:
    """Seconds that `repeats` calls take together; at least 1e-9, since a clock of coarse resolution may show 0."""
    started = clock()
    for _ in range(repeats):
        call()
    return max(clock() - started, 1e-9)
