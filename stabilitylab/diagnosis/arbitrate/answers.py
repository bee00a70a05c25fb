"""Coefficients from anywhere, as they were printed: read, and refused where they are none."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import isfinite
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from stabilitylab.core.errors import EmptyError, InputError, NotFiniteError, NotNumericError, ShapeError
from stabilitylab.core.printable import one_line, quoted
from stabilitylab.diagnosis.arbitrate.printed import Printed, is_absent, of_floats, of_text
from stabilitylab.diagnosis.arbitrate.readers import Text, blocks_of, text_of, text_of_file
from stabilitylab.diagnosis.arbitrate.spelling import normal

MOST_ANSWERS = 50


@dataclass(frozen=True, eq=False)
class Answer:
    """The coefficients that one program gave.

    names: as given, None for a vector in the order of the design. absent: names that it says are not in its model.
    """

    label: str
    values: tuple[Printed, ...]
    names: tuple[str, ...] | None = None
    absent: tuple[str, ...] = ()

    @cached_property
    def by_name(self) -> Mapping[str, Printed]:
        """The numbers by the normal form of their names; none for a vector."""
        return dict(zip(map(normal, self.names or ()), self.values, strict=False))


def answers_of(answers: Any, order: Sequence[str], known: Collection[str] = ()) -> tuple[Answer, ...]:
    """The answers of a mapping label -> answer; a file with one column for each program gives one for each.

    order: the names of the coefficients asked for, for messages and for vectors. known: the names in normal form of all
    coefficients that there may be, by which a reader of files tells names from others; those asked for where none are.
    Raises InputError and its kinds for what is no answer, each naming the answer, the place and the way out.
    """
    if isinstance(answers, str | PathLike):
        is_text = isinstance(answers, str) and "\n" in answers
        answers = {"answer" if is_text else Path(answers).stem: answers}
    if not isinstance(answers, Mapping):
        raise InputError(
            f'answers must be a mapping from names to coefficients; got a {type(answers).__name__}: {{"R": [1.0, 2.0]}}'
        )
    if not answers:
        raise EmptyError('there are no answers: give at least one, such as {"R": [1.0, 2.0]}')
    found: list[Answer] = []
    for label, given in answers.items():
        if not isinstance(label, str) or not label.strip():
            raise InputError(f'an answer is named by a text; got {label!r}: {{"R": ...}}')
        found += _answers(one_line(label.strip()), given, order, known or frozenset(map(normal, order)))
    labels = [answer.label for answer in found]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise InputError(f"two answers are named {twice!r}: give each a name of its own")
    if len(found) > MOST_ANSWERS:
        raise InputError(f"there are {len(found)} answers, and {MOST_ANSWERS} can be compared at once: leave some out")
    return tuple(found)


def _answers(label: str, given: Any, order: Sequence[str], known: Collection[str]) -> list[Answer]:
    if isinstance(given, str) and "\n" in given:
        return _of_text(text_of(label, "the text", given, order, known))
    if isinstance(given, str | PathLike):
        return _of_text(text_of_file(label, Path(given), order, known))
    if isinstance(given, bytes | set | frozenset):
        raise NotNumericError(
            f"{label}: a {type(given).__name__} holds no coefficients in order: pass a list or a dict"
        )
    if hasattr(given, "names") and hasattr(given, "certificate"):  # a certified fit
        return [_named(label, list(zip(given.names, given.x, strict=True)))]
    if hasattr(given, "x") and not hasattr(given, "shape") and not isinstance(given, Mapping):
        given = given.x
    if isinstance(given, Mapping):
        return [_named(label, list(given.items()))]
    if hasattr(given, "index") and hasattr(given, "to_numpy"):  # a series of pandas
        names = list(given.index)
        if names != list(range(len(names))):
            return [_named(label, list(zip(names, given.tolist(), strict=True)))]
        given = given.tolist()
    return [_vector(label, given, order)]


def _vector(label: str, given: Any, order: Sequence[str]) -> Answer:
    array = given
    if hasattr(given, "detach"):
        array = given.detach().cpu().numpy()
    if isinstance(array, np.ndarray):
        if array.ndim == 2 and 1 in array.shape:
            array = array.ravel()
        if array.ndim != 1:
            raise ShapeError(f"{label}: coefficients must be a vector; got shape {array.shape}: pass one column of it")
        if np.ma.is_masked(array):
            raise NotFiniteError(f"{label}: a coefficient is masked: pass a dict name -> value, leaving it out")
        entries: list[Any] = list(array)
    elif isinstance(array, str) or not isinstance(array, Iterable):
        raise NotNumericError(
            f"{label}: {_shown(given)} is no vector of coefficients: pass a list of {len(order)} numbers in the order "
            f"{quoted(order, 12)}, a dict name -> value, or the path of a CSV file"
        )
    else:
        entries = list(array)
    if not entries:
        raise EmptyError(f"{label}: there are no coefficients: give {len(order)}, {quoted(order, 12)}")
    if len(entries) != len(order):
        raise ShapeError(
            f"{label}: expected {len(order)} coefficients in the order {quoted(order, 12)}; got {len(entries)}: where "
            "some are not in its model, pass a dict name -> value without them"
        )
    places = [f"coefficient {j} ({name!r})" for j, name in enumerate(order)]
    return Answer(label, tuple(_numbers(label, places, entries)))


def _named(label: str, pairs: Sequence[tuple[Any, Any]]) -> Answer:
    if not pairs:
        raise EmptyError(f"{label}: there are no coefficients: give a value for each name")
    known: dict[str, str] = {}
    for name, _ in pairs:
        if not isinstance(name, str) or not name.strip():
            raise InputError(f"{label}: a coefficient is named by a text; got {name!r}: 'intercept' or a column's name")
        key = normal(name)
        if key in known:
            same = "twice" if known[key] == name else f"as {known[key]!r} and as {name!r}"
            raise InputError(f"{label}: the coefficient {key!r} is given {same}: leave one out")
        known[key] = name
    absent = tuple(name for name, value in pairs if value is None or (isinstance(value, str) and is_absent(value)))
    kept = [(name, value) for name, value in pairs if name not in absent]
    if not kept:
        raise EmptyError(f"{label}: no coefficient has a number: give at least one")
    numbers = _numbers(label, [f"coefficient {name!r}" for name, _ in kept], [value for _, value in kept])
    return Answer(label, tuple(numbers), tuple(name for name, _ in kept), absent)


def _numbers(label: str, places: Sequence[str], entries: Sequence[Any]) -> list[Printed]:
    floats, texts = [], {}
    for k, (place, entry) in enumerate(zip(places, entries, strict=True)):
        value = entry.item() if isinstance(entry, np.ndarray) and entry.size == 1 else entry
        if isinstance(value, str):
            printed = of_text(value)
            if printed is None:
                raise NotNumericError(f"{label}, {place}: {_shown(value)} is no number: write it as -1.5 or 2e-3")
            texts[k] = printed
        elif isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            way = "pass the coefficients one by one" if isinstance(value, Iterable) else "write it as -1.5 or 2e-3"
            if not isinstance(value, Decimal):
                raise NotNumericError(f"{label}, {place}: {_shown(value)} is no number: {way}")
            printed = of_text(str(value))
            if printed is None:
                raise _not_finite(label, place, value)
            texts[k] = printed
        elif not isfinite(value):
            raise _not_finite(label, place, value)
        else:
            floats.append(value)
    typed = iter(of_floats(floats))
    return [texts[k] if k in texts else next(typed) for k in range(len(entries))]


def _not_finite(label: str, place: str, value: Any) -> NotFiniteError:
    return NotFiniteError(
        f"{label}, {place}: {value} is no finite number: give the number that was printed; a coefficient that is "
        "not in the model is left out, or written NA"
    )


def _of_text(text: Text) -> list[Answer]:
    """The answers that the readers find in a text: of several without names, each is named by its line."""
    blocks = blocks_of(text)
    alone = len(blocks) == 1
    found = []
    for block in blocks:
        own = one_line(block.program) or (text.label if alone else f"{text.label}, line {block.line}")
        found.append(_named(own, [(row.name, row.value) for row in block.rows]))
    return found


def _shown(value: Any) -> str:
    text = one_line(repr(value))
    return text if len(text) <= 60 else f"{text[:57]}..."
