"""How far a command is: bars on a terminal, for whoever has waited two seconds."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from stabilitylab.lab.runner import ProgressReport, silent

QUIET_SECONDS = 2.0


@contextmanager
def bars() -> Iterator[ProgressReport]:
    """report(name, done, total), which shows a bar for each name on standard error until the block is left.

    Nothing is shown in the first two seconds, and nothing at all where standard error is no terminal. Output that goes
    to a file or a pipe goes there while bars are shown, too; on the terminal it appears above them.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield silent
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    shown = Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty())
    tasks: dict[str, TaskID] = {}
    started = time.monotonic()

    def report(name: str, done: int, total: int) -> None:
        if name not in tasks:
            tasks[name] = shown.add_task(name)
        shown.update(tasks[name], completed=done, total=total)
        if time.monotonic() - started > QUIET_SECONDS:
            shown.start()

    try:
        yield report
    finally:
        shown.stop()
