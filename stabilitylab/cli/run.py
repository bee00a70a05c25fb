"""The command `stabilitylab run`: experiments are run, and their tables, figures and pages written."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any, get_args

import click
import joblib
from rich.console import Console
from rich.markup import escape

from stabilitylab.cli import exits, progress
from stabilitylab.cli.options import AS_JSON, FOLDER
from stabilitylab.cli.screen import rule, screen, show
from stabilitylab.lab.book import INDEX, write_index, written_before
from stabilitylab.lab.chapter import Chapter, publish, refresh
from stabilitylab.lab.experiment import Size, counted, select
from stabilitylab.lab.finding import CheckedFinding
from stabilitylab.lab.not_imported import lines_of, not_imported
from stabilitylab.lab.runner import ExperimentRun, run_experiments
from stabilitylab.report.committed import environment_of, publish_rows, write_environment
from stabilitylab.report.writers import markdown, terminal

SCREENFUL = 25, 9  # lines and columns of the largest table that is shown in the terminal


@click.command()
@click.argument("names", nargs=-1)
@click.option("--size", type=click.Choice(get_args(Size)), default="full", show_default=True, help="How much to run.")
@click.option("--jobs", type=click.IntRange(1), help="Worker processes; 1 runs in this process. Default: all cores.")
@FOLDER
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results"),
    show_default=True,
    help="Output.",
)
@click.option(
    "--update", is_flag=True, help="Also refresh tables/ beside the experiments, and the tables in README.md."
)
@click.option("--count", type=click.IntRange(1), help="Problems that a campaign draws, in place of its own number.")
@AS_JSON
def run(
    names: tuple[str, ...],
    size: Size,
    jobs: int | None,
    folder: Path,
    out: Path,
    update: bool,
    count: int | None,
    as_json: bool,
) -> None:
    """Run experiments, write tables and figures. Exit code 1 when a finding is refuted; the last lines name it.

    NAMES are those of experiment files, or pieces that fit only one; without any, all run but those that take long. A
    run that is interrupted goes on where it stopped. A file that holds no experiment is named at the end, with exit
    code 1, and the others run.

    \b
    stabilitylab run                      everything, to results/
    stabilitylab run nist --size quick    one, small
    stabilitylab run fuzz --count 100000  a campaign with more problems
    """
    if update and size != "full":
        raise click.UsageError("--update refreshes the committed tables, which are of size full")
    selection, lost = select(folder, names), not_imported()
    chosen = selection.experiments
    lacking = {library.title: library.missing for one in chosen for library in one.experiment.absent()} | lost
    lacking |= selection.broken
    if update and lacking:
        raise click.UsageError(
            "the committed tables hold what is not here: "
            + "; ".join(f"{title}: {missing}" for title, missing in lacking.items())
        )
    if count is not None:
        chosen = tuple(counted(one, count) for one in chosen)
    console = screen(quiet=as_json)
    exits.writes(out)
    exits.keeps("finished rows are kept, and the same command goes on from them")
    runs: dict[str, ExperimentRun] = {}
    with progress.bars("chapter", "trials") as report:
        for outcome in run_experiments(chosen, size=size, jobs=jobs or joblib.cpu_count(), out=out, progress=report):
            runs[outcome.chapter.name] = outcome
            _show(outcome, console, out)
    outcomes = [runs[one.name] for one in chosen]
    chapters = [outcome.chapter for outcome in outcomes]
    write_index(chapters, out, others=written_before(folder, chapters, out))
    made_in = environment_of(row for outcome in outcomes for row in outcome.rows)
    write_environment(made_in, out / "environment.json")
    if update:
        _update(outcomes, out, folder, made_in, whole=not names)
    if as_json:
        click.echo(json.dumps([_record(outcome) for outcome in outcomes], indent=1))
    console.print(f"All chapters with tables and figures: {out / INDEX}", soft_wrap=True)
    for line in (*lines_of(lost), *selection.said):
        click.echo(line, err=True)
    for line in _left_open(chapters):
        console.print(escape(line), soft_wrap=True)
    refuted = [f"{one.name}: {claim.says}" for one in chapters for claim in one.claims if claim.holds is False]
    if refuted:
        # Under --json standard output holds JSON alone.
        click.echo(f"REFUTED, {_counted(len(refuted), 'finding')}:", err=as_json)
        for line in refuted:
            click.echo(f"  {line}", err=as_json)
    if selection.broken or refuted:
        exits.fail()


def _show(outcome: ExperimentRun, console: Console, out: Path) -> None:
    """A chapter in short: question, findings, what to do instead, a table that fits a screen, and where the rest is."""
    chapter = outcome.chapter
    rule(console, escape(chapter.question))
    first = chapter.tables[0].table if chapter.tables else None
    if first and len(first.body) <= SCREENFUL[0] and len(first.header) <= SCREENFUL[1]:
        show(console, terminal.table(first))
    for finding in chapter.findings:
        console.print(_verdict(finding), soft_wrap=True)
    if chapter.remedies:
        console.print("\nWhat to do instead")
    for remedy in chapter.remedies:
        console.print(_verdict(remedy), soft_wrap=True)
        console.print(escape(indent(remedy.code, "    ")), soft_wrap=True, highlight=False)
    seen = f"figure: {out / chapter.figures[0].stem}.png; " if chapter.figures else ""
    console.print(f"\n{seen}read on: {out / chapter.files[0]}", soft_wrap=True)
    console.print(f"{len(outcome.rows)} rows; {outcome.measured} trials measured, {outcome.resumed} resumed\n")


def _verdict(finding: CheckedFinding) -> str:
    colour = {True: "green", False: "bold red", None: "yellow"}[finding.holds]
    why = f" ({finding.why})" if finding.why else ""
    return f"[{colour}]{finding.verdict}[/]: {escape(finding.says + why)}"


def _left_open(chapters: Sequence[Chapter]) -> Iterator[str]:
    """How many findings were not checked, and for each reason how many; nothing where all were."""
    reasons = Counter(claim.why for chapter in chapters for claim in chapter.claims if claim.holds is None)
    if reasons:
        yield f"not checked here, {_counted(reasons.total(), 'finding')}:"
        yield from (f"  {count}: {why}" for why, count in reasons.most_common())


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _record(outcome: ExperimentRun) -> dict[str, Any]:
    chapter = outcome.chapter
    return {
        "name": chapter.name,
        "question": chapter.question,
        "findings": [{"says": f.says, "verdict": f.verdict, "why": f.why} for f in chapter.findings],
        "remedies": [{"says": r.says, "verdict": r.verdict, "why": r.why, "code": r.code} for r in chapter.remedies],
        "rows": len(outcome.rows),
        "files": list(chapter.files),
    }


def _update(
    outcomes: Sequence[ExperimentRun], out: Path, folder: Path, made_in: Mapping[str, Any], *, whole: bool
) -> None:
    tables, chapters = folder / "tables", [outcome.chapter for outcome in outcomes]
    publish(chapters, out, tables)
    for outcome in outcomes:
        publish_rows(outcome.chapter.name, outcome.rows, tables, made_in)
    if whole:
        write_index(chapters, tables, [markdown.SUFFIX], written_before(folder, chapters, tables))
    readme = folder.parent / "README.md"
    if readme.exists():
        refresh(readme, chapters)
