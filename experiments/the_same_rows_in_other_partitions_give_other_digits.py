"""Does a fit in blocks give the same digits when the same rows come in other blocks, or in another order?

A table that is larger than a machine is fitted block by block: each worker reduces its rows to something small, and
what comes of the blocks is put together in the order in which they end. Every sum and every factorisation on the way is
rounded, and is rounded otherwise when the blocks or the order are others. Here the same rows come in several
arrangements, each a number of blocks and an order of rows, to `dask.array.linalg.lstsq`, to sums of A'A and A'b in
float64, to QR factorisations of blocks, to one pass of `SGDRegressor.partial_fit` over standardised columns, and to
`sl.GramAccumulator`, whose sums are integers. Of each, how many digits are right, and on how many all arrangements
agree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import Any

import numpy as np

from stabilitylab.lab import (
    Cell,
    Experiment,
    GramAccumulator,
    HeatMap,
    Measurement,
    Pivot,
    Probe,
    Problem,
    Rows,
    Size,
    Table,
    answer,
    bench,
    finding,
    one_decimal,
    remedy,
    run_file,
)

SEED = 20261130
DIGIT = 1.0  # a smaller movement is none
CAP = 53 * log10(2)  # digits that float64 holds
Blocks = Sequence[tuple[Any, Any]]

# --- the routes: x of blocks (A, b), in the order in which they come


def dask_lstsq(blocks: Blocks):
    """x by dask.array.linalg.lstsq: QR of each block, then of their triangles."""
    import dask
    import dask.array as da

    rows, n = tuple(len(b) for _, b in blocks), blocks[0][0].shape[1]
    A = da.from_array(np.concatenate([A for A, _ in blocks]), chunks=(rows, (n,)))
    b = da.from_array(np.concatenate([b for _, b in blocks]), chunks=(rows,))
    with dask.config.set(scheduler="synchronous"):
        return da.linalg.lstsq(A, b)[0].compute()


def partial_sums(blocks: Blocks):
    """x of A'A x = A'b, whose sums over the blocks are added up in float64 as they come."""
    G, c = 0.0, 0.0
    for A, b in blocks:
        G, c = G + A.T @ A, c + A.T @ b
    return np.linalg.solve(G, c)


def sums_in_a_tree(blocks: Blocks):
    """The same, added up in pairs, then in pairs of pairs."""
    parts = [np.column_stack([A.T @ A, A.T @ b]) for A, b in blocks]
    while len(parts) > 1:
        parts = [sum(parts[k + 1 : k + 2], parts[k]) for k in range(0, len(parts), 2)]
    return np.linalg.solve(parts[0][:, :-1], parts[0][:, -1])


def qr_of_blocks(blocks: Blocks):
    """x by QR of [A b] block by block, each under the triangle of those before it."""
    n = blocks[0][0].shape[1]
    R = np.empty((0, n + 1))
    for A, b in blocks:
        R = np.linalg.qr(np.vstack([R, np.column_stack([A, b])]), "r")
    return np.linalg.solve(R[:n, :n], R[:n, n])


def stochastic_gradient(blocks: Blocks):
    """x by one pass of SGDRegressor.partial_fit over columns that were brought to mean 0 and variance 1 before."""
    from sklearn.linear_model import SGDRegressor
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(np.concatenate([A[:, 1:] for A, _ in blocks]))
    model = SGDRegressor(alpha=0.0, random_state=0, shuffle=False)
    for A, b in blocks:
        model.partial_fit(scaler.transform(A[:, 1:]), b)
    slopes = model.coef_ / scaler.scale_
    return np.array([model.intercept_[0] - slopes @ scaler.mean_, *slopes])


def exact_sums(blocks: Blocks):
    """x of the exact sums, an accumulator for each block, merged as they come."""
    total = GramAccumulator(blocks[0][0].shape[1])
    for A, b in blocks:
        total.merge(GramAccumulator(A.shape[1]).add(A, b))
    return total.solve().x


DASK, SGD, OURS = "dask.array.linalg.lstsq", "SGDRegressor.partial_fit", "sl.GramAccumulator"
SUMS, TREE, QR = "sums of A'A", "sums of A'A in a tree", "QR of blocks"
ROUTES: Mapping[str, Callable[[Blocks], Any]] = {
    DASK: dask_lstsq,
    SUMS: partial_sums,
    TREE: sums_in_a_tree,
    QR: qr_of_blocks,
    SGD: stochastic_gradient,
    OURS: exact_sums,
}
NEEDS = {DASK: "dask.lstsq", SGD: "sklearn.LinearRegression"}  # routes of the libraries that they need
OTHERS = tuple(name for name in ROUTES if name != OURS)

# --- the data and their arrangements


def normal(m: int):
    """A column of ones and three of N(0, 1)."""
    rng = np.random.default_rng(SEED)
    return np.column_stack([np.ones(m), rng.standard_normal((m, 3))])


def minutes(m: int):
    """A column of ones, and a time in seconds since 1970, a row each minute."""
    return np.column_stack([np.ones(m), 1.7e9 + 60.0 * np.arange(m)])


def powers(m: int):
    """The powers 0 to 4 of numbers from 1 to 2."""
    return np.vander(np.linspace(1, 2, m), 5, increasing=True)


DATA: Mapping[str, Callable[[int], Any]] = {"N(0, 1)": normal, "time since 1970": minutes, "powers": powers}
ORDERS = ("as given", "reversed", "shuffled")


def made(name: str, m: int) -> Problem:
    """A, and b with noise of a hundredth of its size."""
    A = DATA[name](m)
    sizes = np.linalg.norm(A, axis=0) / np.sqrt(m)
    b = (A / sizes).sum(axis=1)
    return Problem.from_matrix(name, A, b + 0.01 * np.random.default_rng([SEED, 1]).standard_normal(m))


def arranged(A, b, order: str, count: int) -> Blocks:
    """The rows in this order and so many blocks."""
    rows = np.arange(len(b))
    if order == "reversed":
        rows = rows[::-1]
    elif order == "shuffled":
        rows = np.random.default_rng([SEED, 2]).permutation(rows)
    return [(A[part], b[part]) for part in np.array_split(rows, count)]


def rows(size: Size):
    """A probe for each table and arrangement; routes whose library is not here are left out."""
    here = tuple(name for name in ROUTES if name not in NEEDS or not bench.lacks(NEEDS[name]))
    m, counts = (20_000, (1, 7, 64, 500)) if size == "full" else (600, (1, 16))
    for name in DATA:
        for order in ORDERS if size == "full" else ORDERS[::2]:
            for count in counts:
                yield Probe(name, here, (), (("m", m), ("order", order), ("blocks", count)))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The row of each route, scored against the certified solution, which no arrangement changes."""
    problem = made(probe.problem, int(probe["m"]))
    blocks = arranged(problem.A, problem.b, str(probe["order"]), int(probe["blocks"]))
    found = []
    for name in probe.solvers:

        def route(A, b, name=name):
            return ROUTES[name](blocks)

        route.__name__ = name
        found.append(answer(bench.as_route(route), problem, "matrix", dict(probe.conditions)))
    return tuple(found)


# --- what is said of it


def by_cell(rows: Rows) -> dict[tuple[str, str], list[Measurement]]:
    """(route, table) -> its rows, one for each arrangement, of those that were answered."""
    cells: dict[tuple[str, str], list[Measurement]] = {}
    for row in rows:
        if row.answered and row["digits.min"] is not None:
            cells.setdefault((row.solver, row.problem), []).append(row)
    return cells


def different(of: Sequence[Measurement]) -> int:
    """How many answers there are that differ in some bit."""
    return len({tuple(row.x) for row in of})


def agreed(of: Sequence[Measurement]) -> float:
    """The digits on which all answers agree, in the coefficient where they are fewest."""
    x = np.array([row.x for row in of])
    with np.errstate(all="ignore"):
        apart = (x.max(axis=0) - x.min(axis=0)) / np.abs(np.median(x, axis=0))
    worst = float(np.nan_to_num(apart, nan=np.inf).max())
    return CAP if worst == 0 else float(np.clip(-np.log10(worst), 0, CAP))


def kept(of: Sequence[Measurement]) -> tuple[float, float]:
    """The fewest and the most correct digits."""
    digits = [row["digits.min"] for row in of]
    return min(digits), max(digits)


def of_route(rows: Rows, *routes: str) -> dict[str, Any]:
    """Of some routes: arrangements, tables on which bits change, and the cell with the fewest agreed digits."""
    cells = {cell: of for cell, of in by_cell(rows).items() if cell[0] in routes}
    (route, table), worst = min(cells.items(), key=lambda item: (agreed(item[1]), item[0]))
    low, high = kept(worst)
    return {
        "route": route,
        "table": table,
        "arrangements": len(worst),
        "cells": len(cells),
        "changed": sum(different(of) > 1 for of in cells.values()),
        "answers": different(worst),
        "agreed": agreed(worst),
        "low": low,
        "high": high,
        "fewest": min(kept(of)[0] for of in cells.values()),
        "most": max(kept(of)[1] for of in cells.values()),
        "same": max(different(of) for of in cells.values()) == 1,
    }


def of_all_others(rows: Rows) -> dict[str, Any]:
    """The same of all routes but ours."""
    return of_route(rows, *OTHERS)


@dataclass(frozen=True)
class Arrangements:
    """For each route and table: how many answers, the digits on which they agree, and those that are right."""

    title: str

    def table(self, rows: Rows) -> Table:
        """See `Tabulation`."""
        body = []
        for (route, table), of in sorted(by_cell(rows).items(), key=lambda item: (item[0][1], agreed(item[1]))):
            low, high = kept(of)
            body.append(
                (
                    Cell(route),
                    Cell(table),
                    Cell(f"{different(of)} of {len(of)}", different(of)),
                    Cell(one_decimal(agreed(of)), agreed(of)),
                    Cell(one_decimal(low), low),
                    Cell(one_decimal(high), high),
                )
            )
        header = ("route", "table", "different answers", "digits all agree on", "fewest right", "most right")
        notes = (
            "In the coefficient that has the fewest. Scored against the exact solution for the numbers as stored.",
        )
        return Table(self.title, header, (False, False, False, True, True, True), tuple(body), notes)


CODE = """
import numpy as np
import stabilitylab as sl

t = 1.7e9 + 60.0 * np.arange(1000)
A, b = np.column_stack([np.ones(1000), t]), 5 + 3 * (t - t[0]) + np.arange(1000) % 7
order = np.random.default_rng(0).permutation(1000)


def fit(blocks):
    total = sl.GramAccumulator(2)
    for rows in blocks:  # in whatever order they come, on whatever machine
        total.merge(sl.GramAccumulator(2).add(A[rows], b[rows]))
    return total.solve().x


one, other = fit([np.arange(1000)]), fit(np.array_split(order, 30))
print(np.count_nonzero(one != other))  # 0
"""

EXPERIMENT = Experiment(
    chapter=19,
    solvers=tuple(NEEDS.values()),
    rows=rows,
    measure=measure,
    tables=(
        Arrangements("The same rows in several arrangements"),
        Pivot(
            "Correct digits in the worst arrangement",
            rows="solver",
            columns="problem",
            value="digits.min",
            reduce="min",
        ),
    ),
    figures=(
        HeatMap("The same rows in several arrangements: digits that are right in the worst of them", reduce="min"),
    ),
    findings=(
        finding(
            "`dask.array.linalg.lstsq` gives other bits for the same rows in other blocks or another order on "
            "{changed} of {cells} tables; on {table} its {answers} answers to {arrangements} arrangements agree on "
            "{agreed:.1f} digits.",
            lambda rows: of_route(rows, DASK),
            lambda n: n["changed"] == n["cells"] and n["agreed"] < CAP - DIGIT,
            needs=(NEEDS[DASK],),
        ),
        finding(
            "Sums of A'A in float64 agree on {agreed:.1f} digits between {arrangements} arrangements of {table} "
            "({route}), of which between {low:.1f} and {high:.1f} are right.",
            lambda rows: of_route(rows, SUMS, TREE),
            lambda n: n["agreed"] < CAP / 2 and n["low"] < CAP / 2,
        ),
        finding(
            "One pass of stochastic gradient descent has at most {most:.1f} correct digits anywhere, and on {table} "
            "all arrangements agree on {agreed:.1f}.",
            lambda rows: of_route(rows, SGD),
            lambda n: n["most"] < CAP / 2 and n["agreed"] < DIGIT,
            needs=(NEEDS[SGD],),
        ),
        finding(
            "Every other route here changes some bit with the arrangement, on {changed} of {cells} pairs of route and "
            "table.",
            of_all_others,
            lambda n: n["changed"] == n["cells"],
        ),
    ),
    remedies=(
        remedy(
            "Sums of integers have no order: `sl.GramAccumulator` gives one answer, bit for bit, to all {arrangements} "
            "arrangements of each of {cells} tables, with at least {fewest:.1f} correct digits.",
            lambda rows: of_route(rows, OURS),
            lambda n: n["same"] and n["fewest"] > CAP - DIGIT,
            CODE,
        ),
    ),
    symptoms=(
        "my Dask or Spark regression gives other coefficients on each run",
        "the coefficients change with the number of workers or partitions",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
