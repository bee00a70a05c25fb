"""Runs one route on one problem. The only room that turns exceptions, time-outs and crashes into rows."""

from stabilitylab.bench import certified_solver
from stabilitylab.bench.loaded import loaded_blas
from stabilitylab.bench.run import Route, answered, as_route, how_failed, lacks, measure, route, routes, solve, unsuited

__all__ = [
    "Route",
    "answered",
    "as_route",
    "certified_solver",
    "how_failed",
    "lacks",
    "loaded_blas",
    "measure",
    "route",
    "routes",
    "solve",
    "unsuited",
]
