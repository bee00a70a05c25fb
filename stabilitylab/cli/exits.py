"""How a command ends: exit codes, and what is said of an interruption."""

from typing import NoReturn

import click

FAILED = 1
"""A finding was refuted, a test failed or a threshold was missed; what was asked for has been done."""

BAD_INPUT = 2
"""What was asked for cannot be done as it was put: bad use, or bad data."""

INTERRUPTED = 130
"""Ctrl-C: 128 and the number of the signal, as shells have it."""

_KEPT = f"{__name__}.kept"


def fail() -> NoReturn:
    """End the running command with exit code 1."""
    click.get_current_context().exit(FAILED)


def keeps(what: str) -> None:
    """Have an interruption of the running command say what it leaves, in place of "nothing was written"."""
    click.get_current_context().meta[_KEPT] = what


def kept(ctx: click.Context) -> str:
    """What an interruption leaves."""
    return str(ctx.meta.get(_KEPT, "nothing was written"))
