"""The command `stabilitylab compare`: which cells of two results changed."""

import json
from pathlib import Path

import click

from stabilitylab.cli import exits
from stabilitylab.cli.options import AS_JSON
from stabilitylab.lab.compare import Change
from stabilitylab.lab.compare import compare as compare_results


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
    variant; it is changed when its digits moved by --digits or its status did.

    \b
    stabilitylab run --out before         then change something, and
    stabilitylab run --out after
    stabilitylab compare before after     what it changed
    stabilitylab compare experiments/tables results   what a run here changes in the published rows
    """
    comparison = compare_results(before, after, digits)
    if as_json:
        record = {
            "changed": [_change(c) for c in comparison.changed],
            "same": comparison.same,
            "only_before": [list(cell) for cell in comparison.only_before],
            "only_after": [list(cell) for cell in comparison.only_after],
            "environment": comparison.environment,
        }
        click.echo(json.dumps(record, indent=1))
    else:
        for key, (old, new) in comparison.environment.items():
            click.echo(f"made under another {key}: {old} before, {new} after")
        for change in comparison.changed:
            click.echo(
                "{problem}, {solver}, {format}, {truth}, {variant}: {before} -> {after}".format(**_change(change))
            )
        gone, added = len(comparison.only_before), len(comparison.only_after)
        click.echo(
            f"{len(comparison.changed)} changed, {comparison.same} the same, {gone} only before, {added} only after"
        )
    if comparison.worse:
        exits.fail()


def _change(change: Change) -> dict[str, str]:
    problem, solver, format, truth, variant = change.cell
    old, new = (f"{r.scores.get('digits.min') or 0.0:.1f} ({r.status})" for r in (change.before, change.after))
    named = {"problem": problem, "solver": solver, "format": format, "truth": truth, "variant": variant}
    return {**named, "before": old, "after": new}
