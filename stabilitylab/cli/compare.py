"""The command `stabilitylab compare`: which cells of two results changed, and what differs where they were made."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from stabilitylab.cli import exits
from stabilitylab.cli.options import AS_JSON
from stabilitylab.core.printable import one_decimal
from stabilitylab.core.types import WORST, Measurement, Status
from stabilitylab.lab.compare import Change, Comparison, OneSided, grouped
from stabilitylab.lab.compare import compare as compare_results
from stabilitylab.report.environment import difference

SHOWN = 12  # reasons why cells are on one side only; --json has all


@click.command()
@click.argument("before", type=click.Path(exists=True, path_type=Path))
@click.argument("after", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--digits", default=1.0, show_default=True, type=click.FloatRange(0), help="A smaller change is no change."
)
@AS_JSON
def compare(before: Path, after: Path, digits: float, as_json: bool) -> None:
    """Compare two results cell by cell. Exit code 1 when a cell of AFTER lost digits or its answer.

    BEFORE and AFTER are folders that `stabilitylab run` wrote, single files of rows (*.rows.jsonl), or folders of
    committed tables (*-rows.csv.gz); of this version or of 0.1. A cell is a problem, a route, a format, a truth and a
    variant; it is changed when its digits moved by --digits or its status did. Beside it stands what it depends on and
    is another there: versions, BLAS, processor, the source of this package. Cells that only one side has are counted
    with the reason.

    \b
    stabilitylab run --out before         then change something, and
    stabilitylab run --out after
    stabilitylab compare before after     what it changed
    stabilitylab compare experiments/tables results   your own run against the published tables
    """
    comparison = compare_results(before, after, digits)
    if as_json:
        click.echo(json.dumps(_record(comparison), indent=1))
    else:
        _show(comparison)
    if comparison.worse:
        exits.fail()


def _show(comparison: Comparison) -> None:
    if comparison.environment:
        click.echo("Where they were made differs in:")
    for key, (old, new) in comparison.environment.items():
        click.echo(f"  {key}: {difference(key, old, new).removeprefix(f'{key} ')}")
    for change in comparison.changed:
        click.echo(_line(change))
    for side, missing in (("before", comparison.only_before), ("after", comparison.only_after)):
        reasons = grouped(missing)
        if reasons:
            click.echo(f"Only {side}, {len(missing)} in all:")
        for why, count in reasons[:SHOWN]:
            click.echo(f"  {count}: {why}")
        if len(reasons) > SHOWN:
            rest = sum(count for _, count in reasons[SHOWN:])
            click.echo(f"  {rest}: {len(reasons) - SHOWN} other reasons, which --json shows")
    changed, worse, same = len(comparison.changed), len(comparison.worse), comparison.same
    click.echo(
        f"{changed} changed, {worse} of them lost digits or their answer; {same} the same; "
        f"{len(comparison.only_before)} only before, {len(comparison.only_after)} only after"
    )


def _line(change: Change) -> str:
    """ "r.lm on nist.filip (decimal): 7.9 -> 5.8 digits; R 4.3.3 -> 4.5.0" """
    problem, solver, format, truth, variant = change.cell
    usual = ("", "float64", "published")
    under = ", ".join(word for word in (truth, format, variant) if word not in usual)
    old, new = change.before, change.after
    if old.status == new.status:
        moved = f"{_digits(old)} -> {_digits(new)} digits"
    else:
        moved = f"{_ended(old)} -> {_ended(new)}"
    return f"{solver} on {problem}{f' ({under})' if under else ''}: {moved}; {', '.join(change.because)}"


def _ended(row: Measurement) -> str:
    status = Status[row.status]
    if not row.answered:
        return status.value
    return f"{_digits(row)} digits{'' if status is Status.SOLVED else f' ({status.value})'}"


def _digits(row: Measurement) -> str:
    digits = row.scores.get(WORST)
    return "?" if digits is None and row.answered else one_decimal(digits or 0.0)


def _record(comparison: Comparison) -> dict[str, Any]:
    return {
        "changed": [_change(c) for c in comparison.changed],
        "same": comparison.same,
        "only_before": _one_sided(comparison.only_before),
        "only_after": _one_sided(comparison.only_after),
        "environment": comparison.environment,
    }


def _one_sided(missing: Sequence[OneSided]) -> list[dict[str, str]]:
    return [{**_named(one.cell), "why": one.why} for one in missing]


def _change(change: Change) -> dict[str, Any]:
    old, new = (
        {"digits": row.scores.get(WORST), "status": row.status, "problem": row.named_problem}
        for row in (change.before, change.after)
    )
    return {**_named(change.cell), "before": old, "after": new, "because": change.because}


def _named(cell: tuple[str, str, str, str, str]) -> dict[str, str]:
    return dict(zip(("problem", "solver", "format", "truth", "variant"), cell, strict=True))
