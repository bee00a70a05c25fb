"""Where a command writes a whole report, in the form that the ending of the file's name says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from stabilitylab.core.errors import InputError

FORMS: dict[str, Callable[[Any], str]] = {
    ".html": lambda found: str(found.to_html()),
    ".md": lambda found: str(found.to_markdown()),
    ".txt": lambda found: f"{found}\n",
    ".json": lambda found: json.dumps(found.to_dict(), indent=1, allow_nan=False) + "\n",
}
"""What a report is written as, by the ending of its name."""


def require_new(output: Path, *read: Path) -> None:
    """Refuse an ending that is no form of a report, and to write over a file that is read."""
    if output.suffix.lower() not in FORMS:
        raise InputError(f"--output must end in one of {', '.join(FORMS)}; got {output.name!r}")
    if any(output.exists() and output.samefile(one) for one in read):
        raise InputError(f"{output} is read by this command: write to another file, such as --output report.html")


def write_report(output: Path, found: Any) -> None:
    """Write it, and say where."""
    output.write_text(FORMS[output.suffix.lower()](found), "utf-8")
    click.echo(f"report: {output}", err=True)
