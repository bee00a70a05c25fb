"""How far a command is: bars on a terminal, for whoever has waited two seconds; a line now and then elsewhere."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from stabilitylab.core.printable import one_line

if TYPE_CHECKING:  # it imports all that an experiment needs, and most commands run none
    from rich.console import Console

    from stabilitylab.lab.runner import ProgressReport

QUIET_SECONDS = 2.0
LINE_SECONDS = 10.0
_TERMINALS = ("FORCE_COLOR", "TTY_COMPATIBLE")  # variables by which rich takes what is no terminal for one
_FIGURES = 42  # characters of a line that bar, share and times need
_SHORTEST = 16  # of a name


@dataclass
class Progressing:
    """How far each of several parts is, in the order in which they were first named.

    part: what one of them is, such as "chapter"; "" where they are not counted. steps: what is counted in them; "" for
    a share in per cent.
    """

    part: str = ""
    steps: str = ""
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def counted(self) -> bool:
        """Whether there are several parts to count."""
        return bool(self.part) and len(self.parts) > 1

    @property
    def whole(self) -> tuple[int, int]:
        """Steps done and steps in all."""
        return sum(done for done, _ in self.parts.values()), sum(total for _, total in self.parts.values())

    @property
    def place(self) -> str:
        """chapter 3 of 13: the one after those that are finished."""
        finished = sum(done >= total for done, total in self.parts.values())
        return f"{self.part} {min(finished + 1, len(self.parts))} of {len(self.parts)}"

    def line(self, name: str, seconds: float) -> str:
        """Where all is, where the part of that name is, and how long it has taken."""
        done, total = self.parts[name]
        counted = f"{done} of {total} {self.steps}" if self.steps else f"{100 * done // max(total, 1)} %"
        minutes, rest = divmod(int(seconds), 60)
        return ", ".join(
            [*([self.place] if self.counted else []), f"{one_line(name)}: {counted}", f"{minutes}:{rest:02d}"]
        )


@contextmanager
def bars(part: str = "", steps: str = "") -> "Iterator[ProgressReport]":
    """report(name, done, total), which shows on standard error how far each name is, until the block is left.

    On a terminal a bar for each, after two seconds; where there are several parts, one for the whole, "chapter 3 of
    13", above those that are being worked on. Elsewhere a line every ten seconds at most. part, steps: as for
    `Progressing`.
    Output that goes to a file or a pipe goes there while bars are shown, too; on the terminal it appears above them.
    """
    if sys.stderr.isatty() or any(name in os.environ for name in _TERMINALS):
        from rich.console import Console  # here: what has no terminal needs no bars

        console = Console(stderr=True)
        if console.is_terminal:
            yield from _on_terminal(console, Progressing(part, steps))
            return
    yield _in_lines(Progressing(part, steps))


def _in_lines(now: Progressing) -> "ProgressReport":
    started = said = time.monotonic()

    def report(name: str, done: int, total: int) -> None:
        nonlocal said
        now.parts[name] = done, total
        moment = time.monotonic()
        if moment - said >= LINE_SECONDS:
            said = moment
            click.echo(now.line(name, moment - started), err=True)

    return report


def _on_terminal(console: "Console", now: Progressing) -> "Iterator[ProgressReport]":
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        Progress,
        TaskID,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        TaskProgressColumn(),
        TextColumn("{task.fields[steps]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    shown = Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty())
    tasks: dict[str, TaskID] = {}
    started = time.monotonic()

    def show(name: str, words: str, done: int, total: int, *, visible: bool) -> None:
        if name not in tasks:
            tasks[name] = shown.add_task("", steps="")
        steps = f"{done} of {total} {now.steps}" if now.steps else ""
        if len(words) > (room := max(_SHORTEST, console.width - _FIGURES - len(steps))):
            words = f"{words[: room - 1]}…"
        shown.update(tasks[name], description=escape(words), completed=done, total=total, steps=steps, visible=visible)

    def report(name: str, done: int, total: int) -> None:
        now.parts[name] = done, total
        show("", now.place, *now.whole, visible=now.counted)  # the first bar, above the others
        show(name, one_line(name), done, total, visible=not now.counted or 0 < done < total)
        if time.monotonic() - started > QUIET_SECONDS:
            shown.start()

    try:
        yield report
    finally:
        shown.stop()
