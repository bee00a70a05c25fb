"""A rank policy as a Python script that reproduces it on the two systems between which a direction is lost."""

from math import log2

from stabilitylab.probes.rank_policy.outcomes import RankPolicy
from stabilitylab.probes.rank_policy.systems import LONG, PLACES, on_a_line

_COLUMNS = """\
h1, h2, h3 = 1.0 - 2 * (np.arange(8) >> np.arange(3)[:, None] & 1)  # ones and minus ones, orthogonal, of mean 0
p, q = 4 * h1 + h2, h1 - 2 * h2
for s in {shares}:
    A = np.column_stack([p, q, {column}])
    b = h1 + 4 * h2 + {weight:g} * s * h3
    print(s, reported(route({call})))  # exactly {right}
"""
_LINE = """\
r = 2.0 * np.arange(8) - 7
for s in {shares}:
    x = {column}
    b = 1 + {weight:g} * s * r
    print(s, reported(route({call})))  # exactly {right}
"""
_CALLS = {"matrix": "A, b", "columns": "A, b, True", "line": "x, b", "polynomial": "x, b, 1"}


def script(policy: RankPolicy) -> str:
    """A script that solves the system at the smallest share that was kept and at the largest that was lost.

    The system with a nearly dependent column, or with a short one where only that is dropped by a cut-off; one system
    where nothing is lost.
    """
    short = policy.near.cutoff is None and policy.short.cutoff is not None
    bracket = policy.short if short else policy.near
    if on_a_line(policy.call_form):
        text, column = _LINE, "s * r" if short else f"{PLACES[0]} + s * r"
        right = f"1, {LONG:g}" if short else "-1.5, 2"
    else:
        text, column = _COLUMNS, "s * h3" if short else "p + q + s * h3"
        right = f"2/3, -5/3, {LONG:g}" if short else "-4/3, -11/3, 2"
    shares = ", ".join(f"2.0**{log2(share):.0f}" for share in (bracket.kept, bracket.lost) if share is not None)
    head = (
        "import numpy as np\n\nfrom stabilitylab import libraries\nfrom stabilitylab.core.types import reported\n\n"
        f"route = libraries.get({policy.route!r})\n"
    )
    return head + text.format(
        shares=f"[{shares}]",
        column=column,
        weight=LONG if short else 2,
        call=_CALLS[policy.call_form],
        right=f"0, {right}" if policy.call_form == "columns" else right,
    )
