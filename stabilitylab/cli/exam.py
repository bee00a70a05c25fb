"""The command `stabilitylab exam`: whether a route does what its label claims."""

import json
from collections.abc import Sequence

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table as RichTable
from rich.text import Text

from stabilitylab import bench, conformance
from stabilitylab.cli import exits
from stabilitylab.cli.options import AS_JSON
from stabilitylab.cli.screen import screen, show
from stabilitylab.conformance import ExamResult, Verdict, optimisers, questions
from stabilitylab.core.errors import MissingLibraryError
from stabilitylab.core.printable import one_line
from stabilitylab.lab.not_imported import lines_of
from stabilitylab.solvers import descent

_STYLES = {Verdict.PASS: "green", Verdict.NOT_APPLICABLE: "dim"}


@click.command()
@click.argument("routes", nargs=-1, required=True, metavar="ROUTE [ROUTE ...]")
@AS_JSON
def exam(routes: tuple[str, ...], as_json: bool) -> None:
    """Whether solvers and library routes do what their labels claim.

    ROUTE is a name that `stabilitylab list` shows. Each question is put to the route as the bench would call it, and
    its verdict is one of: pass; fail; not applicable (the label claims nothing in the matter, or the route takes none
    of the data); refused (an answer was due); died (the process of the library ended, or did not come back in time).
    A failure that the label declares, with its reason, is "as declared". Of an optimiser (descent.*) it is also asked
    whether its steps are those of its formula.

    Exit code 0 when every route is as its label says, 1 when one is not, 2 for a name that is not known or a library
    that is not here.

    \b
    stabilitylab exam qr.householder              one solver
    stabilitylab exam numpy.lstsq numpy.polyfit   two routes, one after the other
    stabilitylab exam my.solver --json            a new solver of one's own, for a program
    """
    entries = [bench.route(name) for name in dict.fromkeys(routes)]
    for entry in entries:
        if entry.label.lacks:
            raise MissingLibraryError(f"{entry.label.name} cannot sit the exam here: {entry.label.lacks}")
    sat: dict[str, tuple[ExamResult, ...]] = {}
    for entry in entries:
        own = optimisers.exam(entry.label.name) if entry.label.name in descent.catalog else ()
        sat[entry.label.name] = results = (*conformance.exam(entry), *own)
        if not as_json:
            _show(entry.label.name, results)
    for line in lines_of(questions.catalog.broken):
        click.echo(line, err=True)
    if as_json:
        click.echo(json.dumps({name: [one.to_dict() for one in results] for name, results in sat.items()}, indent=1))
    if not all(one.as_declared for results in sat.values() for one in results):
        exits.fail()


def _show(name: str, results: Sequence[ExamResult]) -> None:
    table = RichTable(title=Text(name), title_justify="left", box=SIMPLE_HEAD)
    table.add_column("question", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("reason", overflow="fold")
    for one in results:
        style = _STYLES.get(one.verdict, "yellow") if one.as_declared else "bold red"
        table.add_row(
            Text(one.question.replace("_", " ")), Text(verdict(one), style=style), Text(one_line(reason(one)))
        )
    console = screen()
    show(console, table)
    console.print(f"{name}: {summary(results)}\n", soft_wrap=True, markup=False)


def verdict(result: ExamResult) -> str:
    """The verdict in a word or two, and whether the label declared a failure."""
    said = result.verdict.name.lower().replace("_", " ")
    if not result.declared:
        return said
    return f"{said}, as declared" if result.failed else f"{said}, declared to fail"


def reason(result: ExamResult) -> str:
    """What was wrong, or why nothing was asked; with the reason that the label gives for a failure it declares."""
    return "; ".join(filter(None, [result.reason, result.declared and f"declared: {result.declared}"]))


def summary(results: Sequence[ExamResult]) -> str:
    """One line: how many questions went how."""
    wrong = sum(not one.as_declared for one in results)
    counts = {v: sum(one.verdict is v for one in results) for v in Verdict}
    said = ", ".join(f"{count} {v.name.lower().replace('_', ' ')}" for v, count in counts.items() if count)
    return f"{said}: " + ("as its label says" if not wrong else f"{wrong} not as its label says")
