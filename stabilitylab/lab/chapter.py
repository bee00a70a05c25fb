"""Pages: a chapter for each experiment, and an index that reads as a short book. All of it is made from rows."""

import html
import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from stabilitylab import libraries
from stabilitylab.core import environment
from stabilitylab.core.library import Library
from stabilitylab.lab.experiment import CheckedFinding, Loaded
from stabilitylab.lab.library_page import page
from stabilitylab.report import plot, writers
from stabilitylab.report.cells import Table
from stabilitylab.report.rows import NoRowsError, Rows

T = TypeVar("T")
INDEX = "index.md"


@dataclass(frozen=True)
class Chapter:
    """What one experiment came to. tables, pictures: Markdown. files: the names of what was written, the page first.

    lacks: the libraries that should be in it and are not here. sections: (name of a library, what was found about it).
    """

    name: str
    question: str
    text: str
    findings: tuple[CheckedFinding, ...]
    first_table: Table | None
    tables: tuple[str, ...]
    pictures: tuple[str, ...]
    files: tuple[str, ...]
    lacks: tuple[str, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no finding is refuted."""
        return all(finding.holds is not False for finding in self.findings)


def write_chapter(loaded: Loaded, rows: Rows, folder: Path) -> Chapter:
    """The page, tables (Markdown in the page, CSV, JSON lines) and figures (SVG, PNG) of one experiment, in folder."""
    name, files = loaded.name, [f"{loaded.name}.md"]
    pages, pictures = [], []
    _clear(name, folder)
    absent = loaded.experiment.absent()
    tables = [table for spec in loaded.experiment.tables if (table := _made(spec.table, rows, absent))]
    for number, table in enumerate(tables, 1):
        stem = f"{name}-table{number}"
        _write(folder / f"{stem}.csv", writers.csv(table))
        _write(folder / f"{stem}.jsonl", writers.jsonl(table))
        pages.append(f"{writers.markdown(table)}\n[CSV]({stem}.csv) · [JSON lines]({stem}.jsonl)\n")
        files += [f"{stem}.csv", f"{stem}.jsonl"]
    for number, figure in enumerate(loaded.experiment.figures, 1):
        stem = f"{name}-figure{number}"
        drawing = _made(partial(plot.draw, figure), rows, absent)
        if drawing is None:
            continue
        plot.save(drawing, folder / stem)
        pictures.append(f"![{_escaped(figure.title)}]({stem}.svg)\n")
        files += [f"{stem}.svg", f"{stem}.png"]
    findings = tuple(finding.check(rows) for finding in loaded.experiment.findings)
    first = tables[0] if tables else None
    chapter = Chapter(
        name,
        loaded.question,
        loaded.text,
        findings,
        first,
        tuple(pages),
        tuple(pictures),
        tuple(files),
        lacks=tuple(f"{library.title}: {library.missing}" for library in absent),
        sections=tuple(item for part in loaded.experiment.sections for item in part.sections(rows).items()),
    )
    # Seconds mean nothing without the machine; digits hardly depend on it, and say so once, in the index.
    _write(folder / files[0], _page(chapter) + (f"\n{_environment()}" if loaded.experiment.cost == "bench" else ""))
    return chapter


def write_index(chapters: Sequence[Chapter], folder: Path) -> None:
    """The book: for each experiment its question, first figure and table, and findings; then the environment."""
    parts: list[str] = [
        "# What happens to the digits\n",
        "Each chapter asks a question, answers it with findings that a check stands behind, and shows the rows. "
        "`python experiments/NAME.py` makes a chapter again.\n",
        *(f"{k}. [{_escaped(c.question)}](#{_anchor(c.question)})" for k, c in enumerate(chapters, 1)),
        "",
    ]
    for chapter in chapters:
        parts += [f"## {_escaped(chapter.question)}\n", _findings(chapter.findings)]
        parts += chapter.pictures[:1] + chapter.tables[:1]
        parts.append(f"[The whole chapter]({chapter.name}.md)\n")
    parts += _library_pages(chapters, folder)
    parts.append(_environment())
    _write(folder / INDEX, "\n".join(parts))


def _library_pages(chapters: Sequence[Chapter], folder: Path) -> list[str]:
    """A page for each library that a chapter has something to say about, and the list of them for the index."""
    for stale in folder.glob("library-*.md"):
        stale.unlink()
    lines = []
    for library in libraries.each():
        found = {c.question: "\n".join(t for name, t in c.sections if name == library.name) for c in chapters}
        said = {question: text for question, text in found.items() if text}
        if said and not library.missing:
            _write(folder / f"library-{library.name}.md", page(library, said))
            lines.append(f"- [{library.title} {library.version()}](library-{library.name}.md)")
    heading = "## A page for each library\n\nIts entry points, its worst answers, and scripts that give them again.\n"
    return [heading, *lines, ""] if lines else []


def publish(chapters: Sequence[Chapter], written: Path, folder: Path) -> None:
    """Variant what each chapter wrote into another folder; stale files of these chapters there go."""
    folder.mkdir(parents=True, exist_ok=True)
    for chapter in chapters:
        _clear(chapter.name, folder)
        for name in chapter.files:
            shutil.copyfile(written / name, folder / name)


def refresh(page: Path, chapters: Sequence[Chapter]) -> None:
    """Bring the tables embedded in a page up to date: between `<!-- table NAME 1 -->` and `<!-- end -->`."""
    text = page.read_text("utf-8")
    for chapter in chapters:
        for number, table in enumerate(chapter.tables, 1):
            body = table[: table.rindex("[CSV]")].rstrip()
            # Up to the next marker of any kind: a forgotten end must not swallow what follows.
            block = rf"(<!-- table {re.escape(chapter.name)} {number} -->\n)(?:(?!<!-- (?:table|end)).)*(<!-- end -->)"
            text = re.sub(block, lambda found: f"{found[1]}{body}\n{found[2]}", text, flags=re.S)  # noqa: B023
    _write(page, text)


def _clear(name: str, folder: Path) -> None:
    """Remove what an earlier run wrote of a chapter, and nothing of a chapter whose name begins alike."""
    for path in folder.iterdir():
        if re.fullmatch(rf"{re.escape(name)}(\.md|-table\d+\.(csv|jsonl)|-figure\d+\.(svg|png))", path.name):
            path.unlink()


def _made(make: Callable[[Rows], T], rows: Rows, absent: Sequence[Library]) -> T | None:
    """What is made of the rows; None where there are none for it because libraries are absent."""
    try:
        return make(rows)
    except NoRowsError:
        if not absent:
            raise
        return None


def _page(chapter: Chapter) -> str:
    return "\n".join(
        [
            f"# {_escaped(chapter.question)}\n",
            f"{chapter.text}\n" if chapter.text else "",
            _findings(chapter.findings),
            *chapter.pictures,
            *chapter.tables,
            *(f"Passed over, for it is not here: {_escaped(lack)}\n" for lack in chapter.lacks),
            f"Made by `python experiments/{chapter.name}.py`; [all chapters]({INDEX}).\n",
        ]
    )


def _findings(findings: Sequence[CheckedFinding]) -> str:
    lines = []
    for finding in findings:
        word = "**REFUTED**" if finding.holds is False else f"*{finding.verdict}*"
        why = f" ({_escaped(finding.why)})" if finding.why else ""
        lines.append(f"- {word}: {finding.says}{why}")
    return "\n".join(lines) + "\n"


def _environment() -> str:
    lines = ["## Where these numbers were made\n"]
    for key, value in environment.stamp().items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines.append(f"- {key}: {_escaped(text)}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("|", "\\|").replace("\n", " ")


def _anchor(heading: str) -> str:
    """The anchor that Markdown renderers make of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
