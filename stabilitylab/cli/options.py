"""Options that several commands have, and the package's messages in the syntax of options."""

import csv
import io
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from stabilitylab.core.errors import Argument, StabilityLabError

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else on standard output.")
FOLDER = click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("experiments"),
    show_default=True,
    help="The folder that holds the experiments.",
)


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
