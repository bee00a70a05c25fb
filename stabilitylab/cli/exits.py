"""How a command ends: exit codes, and what is said of an interruption."""

from pathlib import Path
from typing import NoReturn

import click

FAILED = 1
"""A finding was refuted, a test failed or a threshold was missed; what was asked for has been done."""

BAD_INPUT = 2
"""What was asked for cannot be done as it was put: bad use, or bad data."""

INTERRUPTED = 130
"""Ctrl-C: 128 and the number of the signal, as shells have it."""

_KEPT = f"{__name__}.kept"
_WRITTEN = f"{__name__}.written"


def fail() -> NoReturn:
    """End the running command with exit code 1."""
    click.get_current_context().exit(FAILED)


def keeps(what: str) -> None:
    """Have an interruption of the running command say what it leaves, in place of "nothing was written"."""
    click.get_current_context().meta[_KEPT] = what


def writes(where: Path) -> None:
    """Have an error of the system that names no file, as that of a full disk, name where the running command writes."""
    click.get_current_context().meta[_WRITTEN] = str(where)


def written_to(ctx: click.Context) -> str:
    """Where the command writes."""
    return str(ctx.meta.get(_WRITTEN, "standard output"))


def kept(ctx: click.Context) -> str:
    """What an interruption leaves."""
    return str(ctx.meta.get(_KEPT, "nothing was written"))
