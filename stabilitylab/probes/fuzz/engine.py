"""The certified solver of this package, as what fuzz tasks are given to."""

from stabilitylab.exact import GramAccumulator, lstsq
from stabilitylab.exact.least_squares import by_every_route
from stabilitylab.probes.fuzz.task import Answer, Engine, Task, answer

CERTIFIED = Engine(lstsq, GramAccumulator, by_every_route)


def certified(task: Task) -> Answer:
    """The certified solver's answer to a task. Raises what it raises before there are coefficients."""
    return answer(task, CERTIFIED)
