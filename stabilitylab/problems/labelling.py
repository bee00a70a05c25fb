"""The label of one member of a family: the catalogue's name with every parameter that is not at its default."""

import inspect
from typing import Any

import numpy as np

from stabilitylab.core.catalog import Label
from stabilitylab.problems import entry


def labelled(family: str, **parameters: Any) -> Label:
    """The family's label with the name of this member: "synthetic.randsvd(cond=1e12, residual=1.0)".

    The name is the Python call that builds the problem again, so that no two problems of a family share one.
    """
    catalogued = entry(family)
    given = []
    for name, parameter in inspect.signature(catalogued.function).parameters.items():
        value = float(parameters[name]) if isinstance(parameter.default, float) else parameters[name]
        if value != parameter.default:
            given.append(f"{name}={_spelled(value)}")
    name = f"{family}({', '.join(given)})" if given else family
    return Label(name=name, source=catalogued.label.source)


def _spelled(value: Any) -> str:
    """The shorter of 1e12 and 1000000000000.0, each of which reads back as the same bits."""
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, float):
        scientific = np.format_float_scientific(value, trim="-", exp_digits=1).replace("e+", "e")
        return min(repr(float(value)), scientific, key=len)
    return str(value)
