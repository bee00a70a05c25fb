"""The command `stabilitylab train`: an optimiser on your own regression, held against its exact minimiser."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from stabilitylab.cli import exits, progress
from stabilitylab.cli.options import AS_JSON, FILE, listed, reading_options
from stabilitylab.cli.report_file import require_new, write_report
from stabilitylab.core.errors import InputError
from stabilitylab.core.objective import LOSSES, Loss
from stabilitylab.data.tabular.columns import Missing

if TYPE_CHECKING:  # imported when the command runs, so that its help comes at once
    from stabilitylab.training.explanation import Explanation

FORMATS = ("float64", "float32", "float16", "bfloat16", "tensorfloat32", "float8_e4m3", "float8_e5m2")
UPDATES = ("plain", "compensated", "master", "stochastic")


@click.command()
@click.argument("file", type=FILE)
@click.option("--target", metavar="COL", help="The column to explain.")
@click.option("--columns", metavar="A,B,C", help="The columns to explain it with. Default: all others.")
@click.option("--formula", metavar="FORMULA", help="In place of both: 'y ~ x + poly(z, 2) + C(group)'.")
@click.option("--no-intercept", is_flag=True, help="Fit no constant.")
@click.option("--optimiser", default="gradient", show_default=True, metavar="NAME",
              help="gradient, heavy_ball, nesterov, adam, ...: `stabilitylab train --list` names all.")  # fmt: skip
@click.option("--list", "listing", is_flag=True, is_eager=True, expose_value=False,
              callback=lambda context, _, wanted: _list(context, wanted), help="Name the optimisers.")  # fmt: skip
@click.option("--lr", type=float, required=True, help="The learning rate.")
@click.option("--steps", type=click.IntRange(1), default=1000, show_default=True, help="How many steps.")
@click.option("--format", "number_format", type=click.Choice(FORMATS), default="float64", show_default=True,
              help="Of data, weights and gradients.")  # fmt: skip
@click.option("--state", type=click.Choice(FORMATS), help="Of the optimiser's state. Default: that of the weights.")
@click.option("--update", type=click.Choice(UPDATES), default="plain", show_default=True,
              help="How a step is added to the weights.")  # fmt: skip
@click.option("--loss", type=click.Choice(LOSSES), default="mean", show_default=True,
              help="Of the squares of the residuals; mean is what torch, optax and keras have.")  # fmt: skip
@click.option("--batch", type=click.IntRange(1), help="Rows of each step. Default: all.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of batches and of random rounding.")
@click.option("--loss-scale", type=float, default=1.0, show_default=True, help="What the loss is multiplied by.")
@click.option("--clip", type=float, help="The largest norm of a gradient.")
@click.option("--set", "hyperparameters", multiple=True, metavar="NAME=NUMBER",
              help="A hyperparameter, such as --set eps=1e-4; may be repeated.")  # fmt: skip
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Also write the whole report: a page (.html, .md), text (.txt) or a record (.json).")  # fmt: skip
@reading_options(get_args(Missing))
@AS_JSON
def train(
    file: Path,
    target: str | None,
    columns: str | None,
    formula: str | None,
    no_intercept: bool,
    optimiser: str,
    lr: float,
    steps: int,
    number_format: str,
    state: str | None,
    update: str,
    loss: Loss,
    batch: int | None,
    seed: int,
    loss_scale: float,
    clip: float | None,
    hyperparameters: tuple[str, ...],
    output: Path | None,
    as_json: bool,
    **reading: Any,
) -> None:
    """Train a linear regression with an optimiser. Say what keeps it from the exact solution, and what brings it there.

    FILE has a line of names, as for `stabilitylab diagnose`. The optimiser is this package's own, written from its
    source; every step is held against the exact minimiser. A cause is said only where a run without it comes nearer.

    \b
    stabilitylab train houses.csv --target price --lr 0.01
    stabilitylab train houses.csv --target price --optimiser adam --lr 1e-3 --format bfloat16
    stabilitylab train houses.csv --target price --optimiser heavy_ball --lr 1e-3 --set momentum=0.9 --batch 32

    Exit codes: 0 done, 2 bad use or bad input, 130 interrupted.
    """
    from stabilitylab.diagnosis.asked import asked
    from stabilitylab.diagnosis.shown_rows import without_cells
    from stabilitylab.training.explain import explained
    from stabilitylab.training.run import train as run_of

    if output is not None:
        require_new(output, file)
    question = asked(
        file,
        target=target,
        columns=None if columns is None else listed(columns, "--columns"),
        formula=formula,
        intercept=not no_intercept,
        **{name: value for name, value in reading.items() if value is not None},
    )
    with progress.bars() as report:
        run = run_of(
            optimiser,
            question.problem,
            lr=lr,
            steps=steps,
            format=number_format,
            state=state,
            update=update,
            loss=loss,
            batch=batch,
            seed=seed,
            loss_scale=loss_scale,
            clip=clip,
            hyperparameters=dict(map(_hyperparameter, hyperparameters)),
            progress=lambda done, total: report("steps", done, total),
        )
        if run.interrupted:
            _show_run(run, as_json=as_json)
            exits.keeps("the steps until then are shown")
            raise KeyboardInterrupt
        found = explained(
            run, question.problem, progress=lambda done, total: report("runs without a cause", done, total)
        )
    if output is not None:
        exits.writes(output)
        write_report(output, found)
    _show(found, without_cells(question.table), as_json=as_json)


def _hyperparameter(text: str) -> tuple[str, float | bool]:
    name, _, value = text.partition("=")
    if value in ("true", "false"):
        return name.strip(), value == "true"
    try:
        return name.strip(), float(value)
    except ValueError:
        raise InputError(f"--set takes NAME=NUMBER, such as --set eps=1e-4; got {text!r}") from None


def _list(context: click.Context, wanted: bool) -> None:
    if not wanted:
        return
    from stabilitylab.solvers import descent

    for entry in descent.catalog:
        click.echo(f"{entry.label.name.removeprefix('descent.')}: {entry.summary}")
    context.exit()


def _show(found: "Explanation", notes: tuple[str, ...], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**found.to_dict(), "notes": [*notes]}, indent=1, allow_nan=False))
        return
    from stabilitylab.cli.screen import screen
    from stabilitylab.report.writers import terminal

    terminal.show(screen(), found._blocks())


def _show_run(run: Any, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(run.to_dict(), indent=1, allow_nan=False))
        return
    click.echo(str(run))
