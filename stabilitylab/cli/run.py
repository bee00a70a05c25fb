"""The command `stabilitylab run`: experiments are run, and their tables, figures and pages written."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import click
import joblib
from rich.console import Console
from rich.markup import escape

from stabilitylab.cli import exits, progress
from stabilitylab.cli.options import AS_JSON, FOLDER
from stabilitylab.lab.chapter import INDEX, publish, refresh, write_index
from stabilitylab.lab.experiment import Size, counted, select
from stabilitylab.lab.runner import ExperimentRun, run_experiments
from stabilitylab.report.committed import environment_of, publish_rows, write_environment
from stabilitylab.report.writers import markdown, terminal


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
    """Run experiments, write tables and figures. Exit code 1 when a finding is refuted.

    NAMES are those of experiment files, or pieces that fit only one; without any, all run but those that take long. A
    run that is interrupted goes on where it stopped.

    \b
    stabilitylab run                      everything, to results/
    stabilitylab run nist --size quick    one, small
    stabilitylab run fuzz --count 100000  a campaign with more problems
    """
    if update and size != "full":
        raise click.UsageError("--update refreshes the committed tables, which are of size full")
    chosen = select(folder, names)
    lacking = {library.title: library.missing for one in chosen for library in one.experiment.absent()}
    if update and lacking:
        raise click.UsageError(
            "the committed tables hold libraries that are not here: "
            + "; ".join(f"{title}: {missing}" for title, missing in lacking.items())
        )
    if count is not None:
        chosen = tuple(counted(one, count) for one in chosen)
    screen = Console(width=None if sys.stdout.isatty() else 200, quiet=as_json)
    exits.keeps("finished rows are kept, and the same command goes on from them")
    runs: dict[str, ExperimentRun] = {}
    with progress.bars() as report:
        for outcome in run_experiments(chosen, size=size, jobs=jobs or joblib.cpu_count(), out=out, progress=report):
            runs[outcome.chapter.name] = outcome
            _show(outcome, screen)
    outcomes = [runs[one.name] for one in chosen]
    chapters = [outcome.chapter for outcome in outcomes]
    write_index(chapters, out)
    made_in = environment_of(row for outcome in outcomes for row in outcome.rows)
    write_environment(made_in, out / "environment.json")
    if update:
        _update(outcomes, out, folder, made_in, whole=not names)
    if as_json:
        click.echo(json.dumps([_record(outcome) for outcome in outcomes], indent=1))
    screen.print(f"All chapters with tables and figures: {out / INDEX}", soft_wrap=True)
    if not all(chapter.holds for chapter in chapters):
        exits.fail()


def _show(outcome: ExperimentRun, screen: Console) -> None:
    chapter = outcome.chapter
    screen.rule(escape(chapter.question))
    if chapter.first_table is not None:
        screen.print(terminal.table(chapter.first_table))
    for finding in chapter.findings:
        colour = {True: "green", False: "bold red", None: "yellow"}[finding.holds]
        why = f" ({finding.why})" if finding.why else ""
        screen.print(f"[{colour}]{finding.verdict}[/]: {escape(finding.says + why)}", soft_wrap=True)
    screen.print(f"{len(outcome.rows)} rows; {outcome.measured} trials measured, {outcome.resumed} resumed\n")


def _record(outcome: ExperimentRun) -> dict[str, Any]:
    chapter = outcome.chapter
    return {
        "name": chapter.name,
        "question": chapter.question,
        "findings": [{"says": f.says, "verdict": f.verdict, "why": f.why} for f in chapter.findings],
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
        write_index(chapters, tables, [markdown.SUFFIX])
    readme = folder.parent / "README.md"
    if readme.exists():
        refresh(readme, chapters)
