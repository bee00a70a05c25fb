"""The book: the index of all chapters, by symptom and by question, and a page for each library."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from stabilitylab import libraries
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.library import Library
from stabilitylab.lab import glossary
from stabilitylab.lab.chapter import (
    PAGES,
    PUBLISHED,
    Chapter,
    blas_blocks,
    environment_blocks,
    instead,
    verdicts,
    write_page,
)
from stabilitylab.lab.experiment import Loaded, find, load
from stabilitylab.lab.finding import CheckedRemedy
from stabilitylab.lab.library_page import page
from stabilitylab.report import plot
from stabilitylab.report.blocks import Block, FigureBlock, Heading, Items, Link, Spans, Text, anchor, prose
from stabilitylab.report.plot import condition
from stabilitylab.report.writers import html, markdown

INDEX = f"index{markdown.SUFFIX}"
PICTURE = "condition-number"
"""The name of the figure on the index, without suffix."""


ABOUT: Spans = (
    *prose(
        "Each chapter asks a question, answers it with findings that a check stands behind, says what to do instead, "
        "and shows the rows. `python experiments/NAME.py` makes a chapter again. Words of the field are in the "
    ),
    Link(("glossary",), glossary.GLOSSARY),
    ".",
)
"""What the index begins with."""


FINDINGS = 2  # of a chapter in the index: the first ones


def write_index(
    chapters: Sequence[Chapter], folder: Path, suffixes: Sequence[str] = tuple(PAGES), others: Sequence[Loaded] = ()
) -> None:
    """The book, its picture, the glossary, and a page for each library, in the formats of these suffixes.

    What a person sees and where to read of it; the condition number; for each experiment its question, first findings
    and all that are refuted, first figure and what to do instead, whose programs stand in the chapter; the libraries;
    the environment. others: see `written_before`.
    """
    questions = [prose(chapter.question) for chapter in chapters]
    blocks: list[Block] = [
        Heading(1, ("What happens to the digits",)),
        Text(ABOUT),
        *_symptoms(chapters, others),
        Heading(2, (glossary.CONDITION_NUMBER,)),
        Text(prose(CONDITION_NUMBER)),
        FigureBlock(condition.TITLE, PICTURE),
        Heading(2, ("The chapters",)),
        Items(tuple((Link(words, anchor=anchor(words)),) for words in questions), numbered=True),
    ]
    if others:
        blocks += [
            Text(("Made in runs of their own:",)),
            Items(tuple((Link(prose(one.question), one.name),) for one in others)),
        ]
    for chapter, words in zip(chapters, questions, strict=True):
        shown = [one for k, one in enumerate(chapter.findings) if k < FINDINGS or one.holds is False]
        blocks += [Heading(2, words), *verdicts(tuple(shown)), *chapter.figures[:1]]
        blocks += instead(chapter.remedies, 3, programs=False)
        left = len(chapter.findings) - len(shown)
        rest = [f"{left} more finding{'s' * (left != 1)}"] * (left > 0) + ["its tables"]
        count = len(chapter.remedies)
        rest += [f"the program{'s' * (count != 1)} of the remed{'ies' if count != 1 else 'y'}"] * (count > 0)
        blocks.append(
            Text(
                (
                    Link(("The whole chapter",), chapter.name),
                    f", with {', '.join(rest[:-1])}{' and ' * (len(rest) > 1)}{rest[-1]}.",
                )
            )
        )
    blocks += _library_pages(chapters, folder, suffixes)
    blas = blas_blocks(tuple(pair for chapter in chapters for pair in chapter.blas))
    write_page(folder, glossary.GLOSSARY, glossary.blocks(), suffixes)
    write_page(folder, INDEX.removesuffix(markdown.SUFFIX), (*blocks, *environment_blocks(), *blas), suffixes)
    for suffix, content in _picture():
        if suffix in PUBLISHED or html.SUFFIX in suffixes:
            (folder / f"{PICTURE}{suffix}").write_bytes(content)


CONDITION_NUMBER = (
    "With two coefficients each row of data that fits exactly is a line, and the solution lies where the lines meet. "
    "Where they cross at a wide angle, a small shift of the lines moves that point as little; where they are nearly "
    "parallel, it moves far along them. The *condition number* of A, its largest singular value over its smallest, is "
    "how many times larger a change of b, as a share of the fit A x, can become as a share of x: at 1e8 a change in "
    "the sixteenth digit of the data can reach the eighth digit of the answer. Where the residual b - A x is large, a "
    "change of A counts by its square too: then no digit may be left at 1e8."
)
"""What the picture of the index shows, for a reader who has not met the word."""


def _symptoms(chapters: Sequence[Chapter], others: Sequence[Loaded]) -> tuple[Block, ...]:
    """What a person sees, with the chapters to read; nothing where no chapter names a symptom."""
    told = [(one.name, (f"chapter {number}",), one.symptoms) for number, one in enumerate(chapters, 1)]
    told += [(one.name, (one.name.replace("_", " "),), one.experiment.symptoms) for one in others]
    leads: dict[str, list[Link]] = {}
    for name, words, symptoms in told:
        for symptom in symptoms:
            leads.setdefault(symptom, []).append(Link(words, name))
    if not leads:
        return ()
    items = tuple((*prose(symptom), ": ", *_separated(links)) for symptom, links in leads.items())
    return Heading(2, ("What you see, and where to read",)), Items(items)


def _separated(links: Sequence[Link]) -> Iterator[Link | str]:
    for number, link in enumerate(links):
        if number:
            yield " and "
        yield link


@cache
def _picture() -> tuple[tuple[str, bytes], ...]:
    """(suffix, content) of the files of the index's figure."""
    with TemporaryDirectory() as folder:
        files = plot.save(condition.picture(), Path(folder) / PICTURE)
        return tuple((file.suffix, file.read_bytes()) for file in files)


def written_before(experiments: Path, chapters: Sequence[Chapter], folder: Path) -> tuple[Loaded, ...]:
    """The other experiments whose pages an earlier run left in a folder, in the order of their chapters.

    One whose file cannot be loaded any more is left out: nothing of it was asked for now.
    """
    now = {chapter.name for chapter in chapters}
    found = []
    for path in find(experiments):
        if path.stem not in now and (folder / f"{path.stem}{markdown.SUFFIX}").exists():
            with suppress(StabilityLabError):
                found.append(load(path))
    return tuple(sorted(found, key=lambda one: (one.experiment.chapter, one.name)))


def _library_pages(chapters: Sequence[Chapter], folder: Path, suffixes: Sequence[str]) -> tuple[Block, ...]:
    """Write a page for each library that a chapter has something to say about; the list of them for the index."""
    for stale in [path for suffix in PAGES for path in folder.glob(f"library-*{suffix}")]:
        stale.unlink()
    links: list[Spans] = []
    for library in libraries.each():
        said: dict[str, list[Block]] = {}
        for chapter in chapters:
            own = [block for name, blocks in chapter.sections if name == library.name for block in blocks]
            if own:
                said[chapter.question] = [*own, Text((Link(("The whole chapter",), chapter.name), "."))]
        if said and not library.missing:
            advice = together(list(_advice(chapters, library)))
            blas = loaded_blas(chapters, library)
            write_page(folder, f"library-{library.name}", page(library, said, advice, blas), suffixes)
            links.append((Link((f"{library.title} {library.version()}",), f"library-{library.name}"),))
    if not links:
        return ()
    about = "Its entry points, its worst answers, and scripts that give them again."
    return Heading(2, ("A page for each library",)), Text((about,)), Items(tuple(links))


def together(advice: Sequence[tuple[Chapter, CheckedRemedy]]) -> list[Spans]:
    """A line for each thing to do: the sentence of the first chapter that says to do it, and links to all that do.

    Sentences that begin alike, up to the colon behind which they say how much it helps, are one.
    """
    same: dict[str, list[tuple[Chapter, CheckedRemedy]]] = {}
    for chapter, remedy in advice:
        same.setdefault(remedy.says.partition(": ")[0], []).append((chapter, remedy))
    lines: list[Spans] = []
    for (first, remedy), *others in same.values():
        also = [part for chapter, _ in others for part in (", ", Link(prose(chapter.question), chapter.name))]
        lines.append((*prose(remedy.says), " More: ", Link(prose(first.question), first.name), *also))
    return lines


def loaded_blas(chapters: Sequence[Chapter], library: Library) -> str:
    """What a library computes with, by all chapters that know it: one that runs it over several BLAS does not."""
    known = [name for chapter in chapters for title, name in chapter.blas if title == library.title and name]
    return " or ".join(sorted(dict.fromkeys(known)))


def _advice(chapters: Sequence[Chapter], library: Library) -> Iterator[tuple[Chapter, CheckedRemedy]]:
    """The remedies that hold and concern a library: those about one of its routes, and those about whatever is called
    of the chapters that have something to say about it."""
    own = {entry.label.name for entry in libraries.catalog if entry.label.library == library}
    for chapter in chapters:
        concerned = any(name == library.name for name, _ in chapter.sections)
        for remedy in chapter.remedies:
            if remedy.holds and (own.intersection(remedy.needs) or (concerned and not remedy.needs)):
                yield chapter, remedy
