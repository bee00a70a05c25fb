"""What a message offers in place of a name that is unknown: similar names, or all of them."""

import difflib
from collections.abc import Callable, Iterable, Sequence

SIMILAR = 0.4  # ratio of matching characters (Ratcliff and Obershelp) from which a name is offered
MOST = 60  # names listed where none is similar


def similar(name: str, known: Iterable[str], cutoff: float = SIMILAR) -> list[str]:
    """Up to three known names that resemble `name`, the most similar first; a misspelt one is nearly always among them.

    Upper and lower case are one: names that differ in it alone are the only ones offered.
    Source: difflib.get_close_matches.
    """
    folded: dict[str, list[str]] = {}
    for one in filter(None, known):
        folded.setdefault(one.casefold(), []).append(one)
    if name and name.casefold() in folded:
        return folded[name.casefold()][:3]
    near = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=cutoff)
    return [one for key in near for one in folded[key]][:3]


def did_you_mean(
    name: str, known: Iterable[str], *, plural: str = "names", show: Callable[[str], str] = str, few: int = 0
) -> str:
    """The end of a message about an unknown name: "did you mean a, b?", or "the {plural} are a, b, c".

    Without a similar name the known ones are listed in the order in which they come, up to `MOST` of them. show: how a
    name is written in the message; repr for names out of a file, which may hold anything. few: up to how many names all
    are listed beside the similar ones; of more the number is said.
    """
    names = list(known)
    if not names:
        return f"there are no {plural}"
    more = f", ... ({len(names)} in all)" if len(names) > MOST else ""
    listed = f"the {plural} are {', '.join(map(show, names[:MOST]))}{more}"
    if near := similar(name, names):
        if name.casefold() in {one.casefold() for one in near}:  # nothing else can have been meant
            return f"did you mean {', '.join(map(show, near))}?"
        others = "" if not few else f" T{listed[1:]}" if len(names) <= few else f" There are {len(names)} {plural}"
        return f"did you mean {', '.join(map(show, near))}?{others}"
    return listed


def unknown_names(
    names: Sequence[str], known: Iterable[str], *, singular: str = "column", plural: str = "columns", few: int = 12
) -> str:
    """A message about all names of a table or a file that are unknown: "no column is named 'b': ...".

    Where there are several, each that resembles a known one is followed by that: "'Pirce' (did you mean 'Price'?)".
    """
    known = list(known)
    if len(names) == 1:
        hint = did_you_mean(names[0], known, plural=plural, show=repr, few=few)
        return f"no {singular} is named {names[0]!r}: {hint}"
    said = [f"{name!r}" + (f" (did you mean {near[0]!r}?)" if (near := similar(name, known)) else "") for name in names]
    shown = ", ".join(map(repr, known[:MOST])) + (", ..." if len(known) > MOST else "")
    return f"no {plural} are named {', '.join(said)}: the {plural} are {shown or 'none'}"
