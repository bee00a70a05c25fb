"""A chapter for each experiment: page, tables and figures, all made from its rows; and where they are published."""

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
from stabilitylab.lab.experiment import Loaded, Tabulation
from stabilitylab.lab.finding import CheckedFinding, CheckedRemedy
from stabilitylab.lab.glossary import GLOSSARY, linked
from stabilitylab.report import plot
from stabilitylab.report.blas_used import blas_sentence, blas_used
from stabilitylab.report.blocks import (
    Block,
    Code,
    FigureBlock,
    Heading,
    Items,
    Link,
    Spans,
    Stressed,
    TableBlock,
    Text,
    Typed,
    paragraphs,
    prose,
)
from stabilitylab.report.rows import NoRowsError, Rows
from stabilitylab.report.writers import csv, html, jsonl, markdown

T = TypeVar("T")
PAGES: Mapping[str, Callable[[Sequence[Block]], str]] = {markdown.SUFFIX: markdown.page, html.SUFFIX: html.page}
"""The formats of a page, by the suffix of its file."""

PUBLISHED = (markdown.SUFFIX, ".csv", ".svg")
"""The files that are kept beside the experiments; a run makes the others again."""

APPENDIX = "-appendix"
"""What follows the name of a chapter in the name of the page of its large tables."""


@dataclass(frozen=True)
class Chapter:
    """What one experiment came to, as blocks. files: the names of what was written, the page in Markdown first.

    remedies: what to do instead. symptoms: what a person sees who should read it. appendix: the tables that stand on a
    page of their own. lacks: the libraries that should be in it and are not here. sections: (name of a library, what is
    said about it). blas: (title of a library, the BLAS that its rows name).
    """

    name: str
    question: str
    text: str
    findings: tuple[CheckedFinding, ...]
    tables: tuple[TableBlock, ...]
    figures: tuple[FigureBlock, ...]
    files: tuple[str, ...]
    remedies: tuple[CheckedRemedy, ...] = ()
    symptoms: tuple[str, ...] = ()
    appendix: tuple[TableBlock, ...] = ()
    lacks: tuple[str, ...] = ()
    sections: tuple[tuple[str, tuple[Block, ...]], ...] = ()
    blas: tuple[tuple[str, str], ...] = ()

    @property
    def claims(self) -> tuple[CheckedFinding, ...]:
        """Its findings, then its remedies, which are findings too."""
        return (*self.findings, *self.remedies)

    @property
    def holds(self) -> bool:
        """Whether no finding and no remedy is refuted."""
        return all(claim.holds is not False for claim in self.claims)

    @property
    def appendix_name(self) -> str:
        """The name of the page of its large tables."""
        return f"{self.name}{APPENDIX}"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its page: question, text, findings, what to do instead, figures, tables, what was passed over, the way on."""
        made_by = Typed(f"python experiments/{self.name}.py")
        met: set[str] = set()
        ways_on = (Link(("all chapters",), "index"), ", ", Link(("glossary",), GLOSSARY), ".")
        more = Text((Link(("More tables, line by line",), self.appendix_name), ".")) if self.appendix else None
        return (
            Heading(1, prose(self.question)),
            *(linked(block, met) if isinstance(block, Text) else block for block in paragraphs(self.text)),
            *verdicts(self.findings),
            *instead(self.remedies, 2),
            *self.figures,
            *self.tables,
            *((more,) if more else ()),
            *(Text((f"Passed over, for it is not here: {lack}",)) for lack in self.lacks),
            *blas_blocks(self.blas),
            Text(("Made by ", made_by, "; ", *ways_on)),
        )

    @property
    def appendix_blocks(self) -> tuple[Block, ...]:
        """The page of its large tables."""
        return (
            Heading(1, ("Tables of the chapter: ", *prose(self.question))),
            Text(("What they show is said in ", Link(("the chapter",), self.name), ".")),
            *self.appendix,
        )


def write_chapter(loaded: Loaded, rows: Rows, folder: Path) -> Chapter:
    """The chapter of an experiment, whose files it writes to folder.

    A page in each of PAGES, another for the tables of its appendix if it has one, tables as CSV and JSON lines, figures
    as SVG and PNG. Raises NoRowsError for a table or figure of which there is no row, unless libraries are absent.
    """
    name, experiment = loaded.name, loaded.experiment
    _clear(name, folder)
    absent = experiment.absent()
    tables = _tables(experiment.tables, rows, absent, name)
    appendix = _tables(experiment.appendix, rows, absent, f"{name}{APPENDIX}")
    pages = (name, f"{name}{APPENDIX}") if appendix else (name,)
    files = [f"{page}{suffix}" for page in pages for suffix in PAGES]
    for block in (*tables, *appendix):
        _write(folder / f"{block.stem}.csv", csv.table(block.table))
        _write(folder / f"{block.stem}.jsonl", jsonl.table(block.table))
        files += [f"{block.stem}.csv", f"{block.stem}.jsonl"]
    figures = []
    for number, figure in enumerate(experiment.figures, 1):
        drawing = _made(partial(plot.draw, figure), rows, absent)
        if drawing is not None:
            figures.append(FigureBlock(figure.title, f"{name}-figure{number}"))
            files += [path.name for path in plot.save(drawing, folder / figures[-1].stem)]
    chapter = Chapter(
        name,
        loaded.question,
        loaded.text,
        tuple(finding.check(rows) for finding in experiment.findings),
        tables,
        tuple(figures),
        tuple(files),
        remedies=tuple(remedy.check(rows) for remedy in experiment.remedies),
        symptoms=experiment.symptoms,
        appendix=appendix,
        lacks=tuple(f"{library.title}: {library.missing}" for library in absent),
        blas=tuple(blas_used(rows).items()),
        sections=tuple(
            (library, tuple(blocks)) for part in experiment.sections for library, blocks in part.sections(rows).items()
        ),
    )
    # Seconds mean nothing without the machine; digits hardly depend on it, and say so once, in the index.
    machine = environment_blocks() if experiment.cost == "bench" else ()
    write_page(folder, name, (*chapter.blocks, *machine), tuple(PAGES))
    if appendix:
        write_page(folder, chapter.appendix_name, chapter.appendix_blocks, tuple(PAGES))
    return chapter


def instead(remedies: Sequence[CheckedRemedy], level: int, *, programs: bool = True) -> tuple[Block, ...]:
    """What to do instead: each remedy's sentence with its verdict, and its program; nothing where there is none."""
    blocks: list[Block] = []
    for remedy in remedies:
        blocks.append(Text(_verdict(remedy)))
        if programs:
            blocks.append(Code(remedy.code, "python"))
    return (Heading(level, ("What to do instead",)), *blocks) if blocks else ()


def _tables(specs: Sequence[Tabulation], rows: Rows, absent: Sequence[Library], stem: str) -> tuple[TableBlock, ...]:
    """The tables that there are rows for, numbered from 1."""
    made = [table for spec in specs if (table := _made(spec.table, rows, absent))]
    return tuple(TableBlock(table, f"{stem}-table{number}") for number, table in enumerate(made, 1))


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
        made = rf"{re.escape(name)}({APPENDIX})?(\.md|\.html|-table\d+\.(csv|jsonl)|-figure\d+\.(svg|png))"
        if re.fullmatch(made, path.name):
            path.unlink()


def _made(make: Callable[[Rows], T], rows: Rows, absent: Sequence[Library]) -> T | None:
    """What is made of the rows; None where there are none for it because libraries are absent."""
    try:
        return make(rows)
    except NoRowsError:
        if not absent:
            raise
        return None


def verdicts(findings: Sequence[CheckedFinding]) -> tuple[Items, ...]:
    """The list of findings with their verdicts; nothing where there are none."""
    return (Items(tuple(map(_verdict, findings))),) if findings else ()


def _verdict(finding: CheckedFinding) -> Spans:
    """A finding's verdict, its sentence, and why it could not be checked."""
    why = (f" ({finding.why})",) if finding.why else ()
    return Stressed(finding.verdict, strong=finding.holds is False), ": ", *prose(finding.says), *why


def environment_blocks() -> tuple[Block, ...]:
    """Versions, BLAS and processor of this process, under a heading."""
    said = {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for key, value in environment.stamp().items()
    }
    lines = tuple((f"{key}: {text}",) for key, text in said.items())
    return Heading(2, ("Where these numbers were made",)), Items(lines)


def blas_blocks(used: Sequence[tuple[str, str]]) -> tuple[Block, ...]:
    """The sentence of `blas_sentence` for (title, BLAS) of libraries; nothing where none is known."""
    titles = dict(sorted(used))
    sentence = blas_sentence(titles, {one.title: one.version() for one in libraries.each() if one.title in titles})
    return (Text((sentence,)),) if sentence else ()


def write_page(folder: Path, name: str, blocks: Sequence[Block], suffixes: Sequence[str]) -> None:
    """Write a page in the formats of these suffixes, keys of PAGES."""
    for suffix in suffixes:
        _write(folder / f"{name}{suffix}", PAGES[suffix](blocks))


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="\n")
