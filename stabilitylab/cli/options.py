"""Options that several commands have, and the package's messages in the syntax of options."""

import csv
import io
import os
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from stabilitylab.core.errors import Argument, InputError, StabilityLabError
from stabilitylab.core.near_files import no_such_file


class _File(click.Path):
    """The path of a file that is there; of one that is not, near names in its folder are said."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As of click, but for a path at which there is nothing. Raises InputError for that."""
        path = Path(value)
        if "\0" not in str(path) and not os.path.lexists(path):
            raise InputError(no_such_file(path))
        return super().convert(value, param, ctx)


FILE = _File()
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else on standard output.")
FOLDER = click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("experiments"),
    show_default=True,
    help="The folder that holds the experiments.",
)


def question_options(
    rules: Sequence[str], weightings: Sequence[str]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a command that say which regression is asked of a table, and where its report goes.

    rules: whose rules for categories can hold. weightings: what weights can say.
    """
    options = (
        click.option("--target", metavar="COL", help="The column to explain."),
        click.option("--columns", metavar="A,B,C", help="The columns to explain it with. Default: all others."),
        click.option("--formula", metavar="FORMULA", help="In place of both: 'y ~ x + poly(z, 2) + C(group)'."),
        click.option("--no-intercept", is_flag=True, help="Fit no constant."),
        click.option("--weights", metavar="COL", help="The column of weights."),
        click.option(
            "--weighting",
            type=click.Choice(list(weightings)),
            default="relative",
            show_default=True,
            help="relative: only ratios of weights count. absolute: 1 over known variances.",
        ),
        click.option(
            "--rules",
            type=click.Choice(list(rules)),
            default="R",
            show_default=True,
            help="Whose reference levels and codings categories have.",
        ),
        click.option(
            "--output",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Also write the whole report: a page (.html, .md), text (.txt) or a record (.json).",
        ),
    )
    return _all_of(options)


def reading_options(missing: Sequence[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a command that reads a table whose notation it finds out, where they do not say it.

    missing: what can be done with rows in which a number is missing.
    """
    options = (
        click.option("--separator", help="Between fields: one character, or tab. Default: found out."),
        click.option("--decimal", type=click.Choice([".", ","]), help="The decimal mark. Default: found out."),
        click.option("--thousands", help="The mark between thousands, as the comma in 1,234,567. Default: none."),
        click.option("--encoding", help="Of the text, such as cp1252 or utf-16. Default: found out."),
        click.option("--sheet", help="Of a workbook. Default: the first."),
        click.option("--unit", metavar="UNIT", help="In which dates are counted from the first one. Default: days."),
        click.option(
            "--dates",
            type=click.Choice(["dmy", "mdy"]),
            help="What 03/04/2024 is: day or month first. Default: found out, or refused where no cell tells.",
        ),
        click.option(
            "--missing",
            type=click.Choice(list(missing)),
            help="A row without a value in a column that is used: refuse the file (default), or leave it out.",
        ),
    )

    return _all_of(options)


def as_arguments(given: dict[str, Any]) -> dict[str, Any]:
    """What the options of `question_options` (but output) and of `reading_options` are as arguments of `diagnosed`."""
    said = {name: value for name, value in given.items() if value is not None}
    if "columns" in said:
        said["columns"] = listed(said["columns"], "--columns")
    without = said.pop("no_intercept", False)
    return {**said, "intercept": not without}


def _all_of(options: Sequence[Callable[..., Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """One decorator for several options, in their order."""

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorated


def listed(columns: str, option: str) -> list[str]:
    """a,b,c as a list; a name that holds a comma stands in double quotes. Raises InputError for what is no list."""
    try:
        names = [name.strip() for row in csv.reader([columns], skipinitialspace=True, strict=True) for name in row]
    except csv.Error:
        names = []
    if not all(names) or not names:
        raise InputError(f"{option} must be names between commas, such as a,b,c; got {columns!r}")
    return names


def in_options(error: StabilityLabError, command: click.Command | None) -> str:
    """The message of an error in which arguments are options of the command: --truth matrix for truth='matrix'.

    A list becomes names between commas. An argument for which the command has no option stays as Python writes it.
    """
    options = (
        {option.name: option.opts[0] for option in command.params if isinstance(option, click.Option)}
        if command
        else {}
    )

    def written(argument: Argument) -> str:
        if argument.name not in options:
            return str(argument)
        text = argument.value if isinstance(argument.value, str) else _between_commas(argument.value)
        quoted = shlex.quote(text) if re.search(r"\w", text) else repr(text)  # a mark alone is easily overlooked
        return f"{options[argument.name]} {quoted}"

    return error.written(written)


def _between_commas(names: Sequence[str]) -> str:
    """Names as an option takes them: between commas, in double quotes where a name holds one."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()
