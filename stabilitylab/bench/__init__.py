"""One route on one problem, whatever happens: the only place where exceptions become rows."""

from stabilitylab.bench import certified_solver
from stabilitylab.bench.run import Route, answered, as_route, how_failed, measure, route, routes, solve, unsuited

__all__ = [
    "Route",
    "answered",
    "as_route",
    "certified_solver",
    "how_failed",
    "measure",
    "route",
    "routes",
    "solve",
    "unsuited",
]
