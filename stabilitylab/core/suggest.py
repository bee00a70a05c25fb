"""What a message offers in place of a name that is unknown: similar names, or all of them."""

import difflib
from collections.abc import Callable, Iterable

SIMILAR = 0.4  # ratio of matching characters (Ratcliff and Obershelp) from which a name is offered
MOST = 60  # names listed where none is similar


def similar(name: str, known: Iterable[str], cutoff: float = SIMILAR) -> list[str]:
    """Up to three known names that resemble `name`, the most similar first; a misspelt one is nearly always among them.

    Upper and lower case are one. Source: difflib.get_close_matches.
    """
    folded: dict[str, list[str]] = {}
    for one in filter(None, known):
        folded.setdefault(one.casefold(), []).append(one)
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
        others = "" if not few else f" T{listed[1:]}" if len(names) <= few else f" There are {len(names)} {plural}"
        return f"did you mean {', '.join(map(show, near))}?{others}"
    return listed
