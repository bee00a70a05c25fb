"""Options that several commands have, and the package's messages in the syntax of options."""

import re
import shlex
from ast import literal_eval
from pathlib import Path

import click

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else on standard output.")
FOLDER = click.option(
    "--from",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("experiments"),
    show_default=True,
    help="The folder that holds the experiments.",
)

_TEXT = r"""'[^'\\]*'|"[^"\\]*\""""
_ARGUMENT = re.compile(rf"\b(\w+)=({_TEXT}|\[(?:{_TEXT}|, )*\]|\d+)")


def in_options(message: str, command: click.Command) -> str:
    """A message that names arguments as Python writes them, such as truth='matrix', with the options: --truth matrix.

    Only what the command has an option for is put so; a list becomes names between commas.
    """
    options = {option.name: option.opts[0] for option in command.params if isinstance(option, click.Option)}

    def written(match: re.Match[str]) -> str:
        if match[1] not in options:
            return match[0]
        value = literal_eval(match[2])
        text = ",".join(value) if isinstance(value, list) else str(value)
        quoted = shlex.quote(text) if re.search(r"\w", text) else repr(text)  # a mark alone is easily overlooked
        return f"{options[match[1]]} {quoted}"

    return _ARGUMENT.sub(written, message)
