"""Names of the members of a family: the shortest call that builds one, and that call with every parameter."""

import ast
import inspect
from functools import lru_cache
from typing import Any

import numpy as np

from stabilitylab.core.catalog import Label
from stabilitylab.problems import catalog, entry


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


@lru_cache(maxsize=4096)
def in_full(name: str) -> str:
    """The name of a member with every parameter of its family: "classic.hilbert" is "classic.hilbert(n=10)".

    What tables print, where members at their defaults stand beside others. A name that is no such call stays as it is,
    as that of a family without parameters does.
    """
    family, opened, _ = name.partition("(")
    if family not in catalog:
        return name
    try:
        call = ast.parse(name, mode="eval").body
    except SyntaxError:
        return name
    given = {one.arg: ast.unparse(one.value) for one in call.keywords} if isinstance(call, ast.Call) else {}
    parameters = inspect.signature(entry(family).function).parameters
    if set(given) - set(parameters) or bool(opened) != bool(given):
        return name
    texts = {one: ast.literal_eval(text) for one, text in given.items()}
    all_of_them = (f"{one}={_spelled(texts.get(one, parameter.default))}" for one, parameter in parameters.items())
    return f"{family}({', '.join(all_of_them)})" if parameters else name


def _spelled(value: Any) -> str:
    """The shorter of 1e12 and 1000000000000.0, each of which reads back as the same bits."""
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, float):
        scientific = np.format_float_scientific(value, trim="-", exp_digits=1).replace("e+", "e")
        return min(repr(float(value)), scientific, key=len)
    return str(value)
