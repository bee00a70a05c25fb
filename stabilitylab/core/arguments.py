"""Checks of arguments that are no data: each raises InputError with what was expected and what came."""

from collections.abc import Iterable, Sequence, Sized

import numpy as np

from stabilitylab.core.errors import InputError


def require_choice(what: str, value: object, choices: Iterable[str]) -> None:
    """Raise InputError unless value is one of the choices; what: the argument's name."""
    known = tuple(choices)
    if value not in known:
        raise InputError(f"{what} must be one of {', '.join(known)}; got {value!r}")


def require_whole(what: str, value: object, *, at_least: int | None = None) -> None:
    """Raise InputError unless value is a Python int, and not below `at_least` where that is given."""
    if not isinstance(value, int) or (at_least is not None and value < at_least):
        bound = "" if at_least is None else f", at least {at_least}"
        raise InputError(f"{what} must be a whole number{bound}; got {value!r}")


def require_flag(what: str, value: object, says: str) -> None:
    """Raise InputError unless value is True or False, of Python or NumPy; says: what True does."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{what} must be True or False; got {value!r}: True {says}")


def require_own_names(what: str, names: Sequence[str]) -> None:
    """Raise InputError where two of the names are the same."""
    first: dict[str, int] = {}
    for j, name in enumerate(names):
        if first.setdefault(name, j) != j:
            raise InputError(
                f"{what} must be of each column its own; got {name!r} twice, for columns {first[name]} and {j}: "
                "rename one"
            )


def require_one_each(what: str, values: Sized, count: int, of: str) -> None:
    """Raise InputError unless there are `count` values, one for each of the `count` things that `of` names."""
    if len(values) != count:
        raise InputError(f"{what} must have one entry for each of {count} {of}; got {len(values)}")
