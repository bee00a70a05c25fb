"""Pages: a chapter for each experiment, and an index that reads as a short book. All of it is made from rows."""

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from stabilitylab import libraries
from stabilitylab.core import environment
from stabilitylab.core.library import Library
from stabilitylab.lab.experiment import CheckedFinding, Loaded
from stabilitylab.lab.library_page import page
from stabilitylab.report import plot
from stabilitylab.report.blas_used import blas_sentence, blas_used
from stabilitylab.report.blocks import (
    Block,
    FigureBlock,
    Heading,
    Items,
    Link,
    Spans,
    Stressed,
    TableBlock,
    Text,
    Typed,
    anchor,
    paragraphs,
    prose,
)
from stabilitylab.report.cells import Table
from stabilitylab.report.rows import NoRowsError, Rows
from stabilitylab.report.writers import csv, html, jsonl, markdown

T = TypeVar("T")
PAGES: Mapping[str, Callable[[Sequence[Block]], str]] = {markdown.SUFFIX: markdown.page, html.SUFFIX: html.page}
"""The formats of a page, by the suffix of its file."""

PUBLISHED = (markdown.SUFFIX, ".csv", ".svg")
"""The files that are kept beside the experiments; a run makes the others again."""

INDEX = f"index{markdown.SUFFIX}"


@dataclass(frozen=True)
class Chapter:
    """What one experiment came to, as blocks. files: the names of what was written, the page in Markdown first.

    lacks: the libraries that should be in it and are not here. sections: (name of a library, what is said about it).
    blas: (title of a library, the BLAS that its rows name).
    """

    name: str
    question: str
    text: str
    findings: tuple[CheckedFinding, ...]
    tables: tuple[TableBlock, ...]
    figures: tuple[FigureBlock, ...]
    files: tuple[str, ...]
    lacks: tuple[str, ...] = ()
    sections: tuple[tuple[str, tuple[Block, ...]], ...] = ()
    blas: tuple[tuple[str, str], ...] = ()

    @property
    def holds(self) -> bool:
        """Whether no finding is refuted."""
        return all(finding.holds is not False for finding in self.findings)

    @property
    def first_table(self) -> Table | None:
        """The table that stands for the others; None where there is none."""
        return self.tables[0].table if self.tables else None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its page: question, text, findings, figures, tables, what was passed over, and how it is made again."""
        made_by = Typed(f"python experiments/{self.name}.py")
        return (
            Heading(1, prose(self.question)),
            *paragraphs(self.text),
            *_findings(self.findings),
            *self.figures,
            *self.tables,
            *(Text((f"Passed over, for it is not here: {lack}",)) for lack in self.lacks),
            *_blas(self.blas),
            Text(("Made by ", made_by, "; ", Link(("all chapters",), "index"), ".")),
        )


def write_chapter(loaded: Loaded, rows: Rows, folder: Path) -> Chapter:
    """The chapter of an experiment, whose files it writes to folder.

    A page in each of PAGES, tables as CSV and JSON lines, figures as SVG and PNG. Raises NoRowsError for a table or
    figure of which there is no row, unless libraries are absent.
    """
    name = loaded.name
    files = [f"{name}{suffix}" for suffix in PAGES]
    _clear(name, folder)
    absent = loaded.experiment.absent()
    made = [table for spec in loaded.experiment.tables if (table := _made(spec.table, rows, absent))]
    tables = tuple(TableBlock(table, f"{name}-table{number}") for number, table in enumerate(made, 1))
    for block in tables:
        _write(folder / f"{block.stem}.csv", csv.table(block.table))
        _write(folder / f"{block.stem}.jsonl", jsonl.table(block.table))
        files += [f"{block.stem}.csv", f"{block.stem}.jsonl"]
    figures = []
    for number, figure in enumerate(loaded.experiment.figures, 1):
        drawing = _made(partial(plot.draw, figure), rows, absent)
        if drawing is not None:
            figures.append(FigureBlock(figure.title, f"{name}-figure{number}"))
            files += [path.name for path in plot.save(drawing, folder / figures[-1].stem)]
    chapter = Chapter(
        name,
        loaded.question,
        loaded.text,
        tuple(finding.check(rows) for finding in loaded.experiment.findings),
        tables,
        tuple(figures),
        tuple(files),
        lacks=tuple(f"{library.title}: {library.missing}" for library in absent),
        blas=tuple(blas_used(rows).items()),
        sections=tuple(
            (library, tuple(blocks))
            for part in loaded.experiment.sections
            for library, blocks in part.sections(rows).items()
        ),
    )
    # Seconds mean nothing without the machine; digits hardly depend on it, and say so once, in the index.
    machine = _environment() if loaded.experiment.cost == "bench" else ()
    _write_page(folder, name, (*chapter.blocks, *machine), tuple(PAGES))
    return chapter


def write_index(chapters: Sequence[Chapter], folder: Path, suffixes: Sequence[str] = tuple(PAGES)) -> None:
    """The book, and a page for each library, in the formats of these suffixes.

    For each experiment its question, findings, first figure and table; then the libraries and the environment.
    """
    questions = [prose(chapter.question) for chapter in chapters]
    blocks: list[Block] = [
        Heading(1, ("What happens to the digits",)),
        Text(
            prose(
                "Each chapter asks a question, answers it with findings that a check stands behind, and shows the "
                "rows. `python experiments/NAME.py` makes a chapter again."
            )
        ),
        Items(tuple((Link(words, anchor=anchor(words)),) for words in questions), numbered=True),
    ]
    for chapter, words in zip(chapters, questions, strict=True):
        blocks += [Heading(2, words), *_findings(chapter.findings), *chapter.figures[:1], *chapter.tables[:1]]
        blocks.append(Text((Link(("The whole chapter",), chapter.name),)))
    blocks += _library_pages(chapters, folder, suffixes)
    blas = _blas(tuple(pair for chapter in chapters for pair in chapter.blas))
    _write_page(folder, INDEX.removesuffix(markdown.SUFFIX), (*blocks, *_environment(), *blas), suffixes)


def _library_pages(chapters: Sequence[Chapter], folder: Path, suffixes: Sequence[str]) -> tuple[Block, ...]:
    """Write a page for each library that a chapter has something to say about; the list of them for the index."""
    for stale in [path for suffix in PAGES for path in folder.glob(f"library-*{suffix}")]:
        stale.unlink()
    links: list[Spans] = []
    for library in libraries.each():
        said: dict[str, list[Block]] = {}
        for question, name, blocks in ((c.question, *section) for c in chapters for section in c.sections):
            if name == library.name:
                said.setdefault(question, []).extend(blocks)
        blas = dict(pair for chapter in chapters for pair in chapter.blas).get(library.title, "")
        if said and not library.missing:
            _write_page(folder, f"library-{library.name}", page(library, said, blas), suffixes)
            links.append((Link((f"{library.title} {library.version()}",), f"library-{library.name}"),))
    if not links:
        return ()
    about = "Its entry points, its worst answers, and scripts that give them again."
    return Heading(2, ("A page for each library",)), Text((about,)), Items(tuple(links))


def publish(chapters: Sequence[Chapter], written: Path, folder: Path) -> None:
    """Copy what each chapter wrote in a published format into another folder, where stale files of it go."""
    folder.mkdir(parents=True, exist_ok=True)
    for chapter in chapters:
        _clear(chapter.name, folder)
        for name in chapter.files:
            if name.endswith(PUBLISHED):
                shutil.copyfile(written / name, folder / name)


def refresh(readme: Path, chapters: Sequence[Chapter]) -> None:
    """Bring the tables embedded in a page up to date: between `<!-- table NAME 1 -->` and `<!-- end -->`."""
    text = readme.read_text("utf-8")
    for chapter in chapters:
        for number, block in enumerate(chapter.tables, 1):
            body = markdown.table(block.table).rstrip()
            # Up to the next marker of any kind: a forgotten end must not swallow what follows.
            place = rf"(<!-- table {re.escape(chapter.name)} {number} -->\n)(?:(?!<!-- (?:table|end)).)*(<!-- end -->)"
            text = re.sub(place, lambda match: f"{match[1]}{body}\n{match[2]}", text, flags=re.S)  # noqa: B023
    _write(readme, text)


def _clear(name: str, folder: Path) -> None:
    """Remove what an earlier run wrote of a chapter, and nothing of a chapter whose name begins alike."""
    for path in folder.iterdir():
        if re.fullmatch(rf"{re.escape(name)}(\.md|\.html|-table\d+\.(csv|jsonl)|-figure\d+\.(svg|png))", path.name):
            path.unlink()


def _made(make: Callable[[Rows], T], rows: Rows, absent: Sequence[Library]) -> T | None:
    """What is made of the rows; None where there are none for it because libraries are absent."""
    try:
        return make(rows)
    except NoRowsError:
        if not absent:
            raise
        return None


def _findings(findings: Sequence[CheckedFinding]) -> tuple[Items, ...]:
    """The list of findings with their verdicts; nothing where there are none."""
    items: list[Spans] = []
    for finding in findings:
        refuted = finding.holds is False
        why = (f" ({finding.why})",) if finding.why else ()
        items.append((Stressed(finding.verdict, strong=refuted), ": ", *prose(finding.says), *why))
    return (Items(tuple(items)),) if items else ()


def _environment() -> tuple[Block, ...]:
    said = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in environment.stamp().items()
    }
    lines = tuple((f"{key}: {text}",) for key, text in said.items())
    return Heading(2, ("Where these numbers were made",)), Items(lines)


def _blas(used: Sequence[tuple[str, str]]) -> tuple[Block, ...]:
    """The sentence of `blas_sentence` for (title, BLAS) of libraries; nothing where none is known."""
    titles = dict(sorted(used))
    sentence = blas_sentence(titles, {one.title: one.version() for one in libraries.each() if one.title in titles})
    return (Text((sentence,)),) if sentence else ()


def _write_page(folder: Path, name: str, blocks: Sequence[Block], suffixes: Sequence[str]) -> None:
    for suffix in suffixes:
        _write(folder / f"{name}{suffix}", PAGES[suffix](blocks))


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
