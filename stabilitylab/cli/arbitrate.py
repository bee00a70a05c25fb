"""The command `stabilitylab arbitrate`: the coefficients of several programs, how many digits of which question."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from stabilitylab.cli import exits
from stabilitylab.cli.options import AS_JSON, FILE, listed, question_options, reading_options
from stabilitylab.cli.report_file import require_new, write_report
from stabilitylab.core.types import WEIGHTINGS, Weighting
from stabilitylab.data.formula.rules import RulesName
from stabilitylab.data.tabular.columns import Missing

if TYPE_CHECKING:
    from stabilitylab.diagnosis.arbitrate import Arbitration


@click.command()
@click.argument("file", type=FILE)
@click.argument("answers", nargs=-1, required=True, type=FILE)
@question_options(get_args(RulesName), WEIGHTINGS)
@reading_options(get_args(Missing))
@AS_JSON
def arbitrate(
    file: Path,
    answers: tuple[Path, ...],
    target: str | None,
    columns: str | None,
    formula: str | None,
    no_intercept: bool,
    weights: str | None,
    weighting: Weighting,
    rules: RulesName,
    output: Path | None,
    as_json: bool,
    **reading: Any,
) -> None:
    """Say whose coefficients are right. How many digits, and of which question, when programs disagree.

    FILE is the data. ANSWERS are files of coefficients as they were printed: lines as below, with a column or a row for
    each program; lines program,coefficient,value; or what summary of R or statsmodels, regress of Stata, PROC REG of
    SAS, gretl or Excel prints, pasted into a text file. Where two answers differ in meaning (another reference level,
    no intercept, scaled columns, dropped rows, weights, a penalty, ...) the question that each one solves is found by
    solving it exactly.

    \b
    name,R,Excel
    (Intercept),9.635362,9.6354
    dose,1.743777,1.7438

    \b
    stabilitylab arbitrate trial.csv answers.csv --target effect
    stabilitylab arbitrate trial.csv r.csv sas.csv --formula "effect ~ dose + C(group)" --output who.html

    Exit codes: 0 done, 2 bad use or bad input, 130 interrupted.
    """
    from stabilitylab.diagnosis.arbitrate import arbitrate as judge

    if output is not None:
        require_new(output, file, *answers)
    found = judge(
        file,
        str(answers[0]) if len(answers) == 1 else {path.stem: str(path) for path in answers},
        target=target,
        columns=None if columns is None else listed(columns, "--columns"),
        formula=formula,
        intercept=not no_intercept,
        weights=weights,
        weighting=weighting,
        rules=rules,
        **{name: value for name, value in reading.items() if value is not None},
    )
    if output is not None:  # before anything is printed: whoever reads that may stop early
        exits.writes(output)
        write_report(output, found)
    _show(found, as_json=as_json)


def _show(found: "Arbitration", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=1, allow_nan=False))
        return
    from stabilitylab.cli.screen import screen
    from stabilitylab.diagnosis.page.arbitration import blocks_of_arbitration
    from stabilitylab.report.writers import terminal

    terminal.show(screen(), blocks_of_arbitration(found))
