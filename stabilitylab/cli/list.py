"""The command `stabilitylab list`: everything there is, by name."""

import json
from pathlib import Path

import click
from click.core import ParameterSource

from stabilitylab import libraries, problems, solvers
from stabilitylab.cli import exits
from stabilitylab.cli.options import AS_JSON, FOLDER
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.printable import one_line
from stabilitylab.lab.experiment import find, load_all
from stabilitylab.lab.not_imported import lines_of, not_imported
from stabilitylab.scoring import metrics


@click.command("list")
@FOLDER
@AS_JSON
def list_all(folder: Path, as_json: bool) -> None:
    """List everything that has a name. Solvers, library routes, problems, metrics and experiments, each in a line.

    A route whose library is not here is listed with the way to get it. A file that cannot be imported is named with the
    reason, and the rest is listed; the exit code is 1 where it is an experiment.

    \b
    stabilitylab list                                   names and first lines
    stabilitylab list --json | jq '.solvers | keys'     for programs
    """
    named = click.get_current_context().get_parameter_source("folder") is not ParameterSource.DEFAULT
    files = find(folder) if named or folder.is_dir() else ()  # outside a checkout the catalogues are there all the same
    selection, lost = load_all(files), not_imported()
    listed: dict[str, dict[str, str]] = {
        "solvers": {e.label.name: e.summary for e in solvers.catalog},
        "libraries": {
            e.label.name: e.summary + "".join(f" [{one}]" for one in (_under(e.label), e.label.lacks) if one)
            for e in libraries.catalog
        },
        "problems": {e.label.name: e.summary for e in problems.catalog},
        "metrics": {e.label.name: e.summary for e in metrics.catalog},
        "experiments": {one.name: one.question for one in selection.experiments},
    }
    if as_json:
        click.echo(json.dumps({**listed, "not imported": {**lost, **selection.broken}}, indent=1))
    else:
        _show(listed)
        for line in (*lines_of(lost), *selection.said):
            click.echo(line)
    if selection.broken:
        exits.fail()


def _show(listed: dict[str, dict[str, str]]) -> None:
    for kind, entries in listed.items():
        click.echo(f"{kind} ({len(entries)})")
        width = max(map(len, entries), default=0)
        for name, summary in entries.items():
            click.echo(f"  {one_line(name):<{width}}  {one_line(summary)}")


def _under(label: RouteLabel) -> str:
    """The settings that the route is called under and its users do not have, as a remark."""
    return f"called under {label.called_under}" if label.called_under else ""
