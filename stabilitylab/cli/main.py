"""The command `stabilitylab`, and most of its parts. Exit codes: 0 done, 1 a check failed, 2 bad use or bad input."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import joblib
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from stabilitylab import libraries, problems, solvers
from stabilitylab.cli.exam import exam
from stabilitylab.cli.libraries import libraries_command
from stabilitylab.cli.lstsq import lstsq
from stabilitylab.core import environment
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.lab import doctor as doctoring
from stabilitylab.lab.chapter import INDEX, Chapter, publish, refresh, write_index
from stabilitylab.lab.compare import Change
from stabilitylab.lab.compare import compare as compare_results
from stabilitylab.lab.experiment import counted, find, load, select
from stabilitylab.lab.runner import ExperimentRun, ProgressReport, run_experiments, silent
from stabilitylab.report import writers
from stabilitylab.scoring import metrics

FAILED, BAD, INTERRUPTED = 1, 2, 130
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else on standard output.")
FOLDER = click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("experiments"),
    show_default=True,
    help="The folder that holds the experiments.",
)


class Command(click.Group):
    """A group that turns the package's errors into a message and exit code 2, and Ctrl-C into 130."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except StabilityLabError as error:
            click.echo(f"stabilitylab: {error}", err=True)
            ctx.exit(BAD)
        except OSError as error:
            click.echo(f"stabilitylab: {error.filename or 'a file'}: {error.strerror or error}", err=True)
            ctx.exit(BAD)
        except KeyboardInterrupt:
            click.echo(
                "stabilitylab: interrupted; finished rows are kept, and the same command goes on from them", err=True
            )
            ctx.exit(INTERRUPTED)


@click.group(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stabilitylab", prog_name="stabilitylab")
def main() -> None:
    """How many digits of a linear regression are right, where the others were lost, and which solver keeps them."""


@main.command()
@click.argument("names", nargs=-1)
@click.option(
    "--size", type=click.Choice(["quick", "full"]), default="full", show_default=True, help="How much to run."
)
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
    size: Any,
    jobs: int | None,
    folder: Path,
    out: Path,
    update: bool,
    count: int | None,
    as_json: bool,
) -> None:
    """Run the experiments NAMES (a piece of a name is enough; all when none is given) and write tables and figures.

    \b
    stabilitylab run                      everything, to results/
    stabilitylab run nist --size quick    one, small
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
    found: dict[str, ExperimentRun] = {}
    with _progress() as report:
        for outcome in run_experiments(chosen, size=size, jobs=jobs or joblib.cpu_count(), out=out, progress=report):
            found[outcome.chapter.name] = outcome
            _show(outcome, screen)
    outcomes = [found[one.name] for one in chosen]
    chapters = [outcome.chapter for outcome in outcomes]
    write_index(chapters, out)
    (out / "environment.json").write_text(json.dumps(environment.stamp(), indent=1) + "\n", "utf-8")
    if update:
        _update(chapters, out, folder, whole=not names)
    if as_json:
        click.echo(json.dumps([_record(outcome) for outcome in outcomes], indent=1))
    screen.print(f"All chapters with tables and figures: {out / INDEX}", soft_wrap=True)
    if not all(chapter.holds for chapter in chapters):
        sys.exit(FAILED)


@contextmanager
def _progress() -> Iterator[ProgressReport]:
    """Bars on standard error, one for each experiment; nothing at all when it is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def report(name: str, done: int, total: int) -> None:
            if name not in bars:
                bars[name] = progress.add_task(name, total=total)
            progress.update(bars[name], completed=done)

        yield report


def _show(outcome: ExperimentRun, screen: Console) -> None:
    chapter = outcome.chapter
    screen.rule(escape(chapter.question))
    if chapter.first_table is not None:
        screen.print(writers.rich_table(chapter.first_table))
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


def _update(chapters: list[Chapter], out: Path, folder: Path, *, whole: bool) -> None:
    tables = folder / "tables"
    publish(chapters, out, tables)
    if whole:
        write_index(chapters, tables)
    readme = folder.parent / "README.md"
    if readme.exists():
        refresh(readme, chapters)


@main.command("list")
@FOLDER
@AS_JSON
def list_all(folder: Path, as_json: bool) -> None:
    """List solvers, library routes, problems, metrics and experiments, each in a line."""
    experiments = {one.name: one.question for one in map(load, find(folder))} if folder.is_dir() else {}
    listed: dict[str, dict[str, str]] = {
        "solvers": {e.label.name: e.summary for e in solvers.catalog},
        "libraries": {
            e.label.name: e.summary + (f" [{lacks}]" if (lacks := e.label.lacks) else "") for e in libraries.catalog
        },
        "problems": {e.label.name: e.summary for e in problems.catalog},
        "metrics": {e.label.name: e.summary for e in metrics.catalog},
        "experiments": experiments,
    }
    if as_json:
        click.echo(json.dumps(listed, indent=1))
        return
    for kind, entries in listed.items():
        click.echo(f"{kind} ({len(entries)})")
        width = max(map(len, entries), default=0)
        for name, summary in entries.items():
            click.echo(f"  {name:<{width}}  {summary}")


@main.command()
@click.argument("before", type=click.Path(exists=True, path_type=Path))
@click.argument("after", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--digits", default=1.0, show_default=True, type=click.FloatRange(0), help="A smaller change is no change."
)
@AS_JSON
def compare(before: Path, after: Path, digits: float, as_json: bool) -> None:
    """Compare two results folders cell by cell; exit code 1 when a cell of AFTER lost digits or its answer."""
    found = compare_results(before, after, digits)
    if as_json:
        record = {
            "changed": [_change(c) for c in found.changed],
            "same": found.same,
            "only_before": [list(cell) for cell in found.only_before],
            "only_after": [list(cell) for cell in found.only_after],
            "environment": found.environment,
        }
        click.echo(json.dumps(record, indent=1))
    else:
        for key, (old, new) in found.environment.items():
            click.echo(f"made under another {key}: {old} before, {new} after")
        for change in found.changed:
            click.echo("{problem}, {solver}, {dtype}, {truth}, {copy}: {before} -> {after}".format(**_change(change)))
        gone, added = len(found.only_before), len(found.only_after)
        click.echo(f"{len(found.changed)} changed, {found.same} the same, {gone} only before, {added} only after")
    if found.worse:
        sys.exit(FAILED)


def _change(change: Change) -> dict[str, str]:
    problem, solver, dtype, truth, copy = change.cell
    old, new = (f"{r.scores.get('digits.min') or 0.0:.1f} ({r.status})" for r in (change.before, change.after))
    named = {"problem": problem, "solver": solver, "dtype": dtype, "truth": truth, "copy": copy}
    return {**named, "before": old, "after": new}


@main.command()
@AS_JSON
def doctor(as_json: bool) -> None:
    """Show versions, BLAS and processor, and test what the numbers rest on; exit code 1 when a test fails."""
    tests = doctoring.examine()
    if as_json:
        record = {
            "environment": environment.stamp(),
            "libraries": libraries.versions(),
            "missing": libraries.missing(),
            "tests": [vars(t) for t in tests],
        }
        click.echo(json.dumps(record, indent=1))
    else:
        for key, value in environment.stamp().items():
            click.echo(f"{key}: {value}")
        click.echo("libraries: " + ", ".join(f"{title} {version}" for title, version in libraries.versions().items()))
        for title, way in libraries.missing().items():
            click.echo(f"not here: {title}: {way}")
        for test in tests:
            click.echo(f"{'ok  ' if test.well else 'FAIL'} {test.name}: {test.seen}")
    if not all(test.well for test in tests):
        sys.exit(FAILED)


main.add_command(lstsq)
main.add_command(exam)
main.add_command(libraries_command)


def run_file(file: str) -> None:
    """What an experiment file does when it is run: `stabilitylab run` on itself, with the same options."""
    path = Path(file).resolve()
    main(["run", path.stem, "--from", str(path.parent), *sys.argv[1:]])
