"""Where a command prints its tables: as wide as the terminal, or as wide as they are."""

from rich.console import Console
from rich.table import Table

_UNBROKEN = 100_000  # characters in a line, where output goes to a file or a program: more than any table has


def screen(*, quiet: bool = False) -> Console:
    """Standard output. Where that is no terminal no line is broken, so that every name stays whole.

    quiet: whether nothing is printed, for --json.
    """
    console = Console(highlight=False, quiet=quiet)
    if not console.is_terminal:
        console.width = _UNBROKEN
    return console


def rule(console: Console, title: str) -> None:
    """A heading: a line across the terminal, or the words between two short ones where there is none."""
    if console.is_terminal:
        console.rule(title)
    else:
        console.print(f"── {title} ──", soft_wrap=True)


def show(console: Console, table: Table) -> None:
    """A table with title and notes, which rich would break to the width of the table where there is no terminal."""
    if console.is_terminal:
        console.print(table)
        return
    title, notes, table.title, table.caption = table.title, table.caption, None, None
    for text in filter(None, (title, table, notes)):
        console.print(text, soft_wrap=text is not table)
