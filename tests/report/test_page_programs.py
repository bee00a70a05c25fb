"""The programs on pages run as they stand, and print what the page says of them."""

import pytest

from page_programs import disagreement, gains, run, unkept
from pages import Program, programs
from paths import EXPERIMENTS, ROOT
from stabilitylab import bench, libraries
from stabilitylab.lab.experiment import find, load

LIBRARY_PAGES = sorted((EXPERIMENTS / "tables").glob("library-*.md"))
PROSE = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
REMEDIES = [(one.name, remedy) for one in map(load, find(EXPERIMENTS)) for remedy in one.experiment.remedies]

# --- what is wrong with what a program printed

MEASURED = Program("p", 1, "row = sl.measure(route, problem)", "The first of them again, with 0.4 correct digits (x):")
REFUSAL = Program("p", 1, "row = sl.measure(route, problem)", "The first of them again, with no answer (refused):")
POLICY = Program("p", 1, "print(s, route(A, b))  # exactly 2/3, -5/3, 1024", "The first cut-off, seen:")
LAW = Program("p", 1, "# Rows from the last to the first: every coefficient as it was.", "It breaks the law:")
KEPT, LOST = "2e-15 [ 0.667 -1.667 1024.0]\n", "1e-15 [ 0.667 -1.667 0.]\n"


@pytest.mark.parametrize(
    ("program", "printed", "error"),
    [
        (MEASURED, "0.9 SOLVED () \n(1.0, 2.0)\n", ""),
        (REFUSAL, "None REFUSED () singular\nNone\n", ""),
        (POLICY, KEPT + LOST, ""),
        (POLICY, KEPT, "LinAlgError: singular"),
        (LAW, "[1. 2.]\n[1. 2.1]\n", ""),
    ],
)
def test_a_program_that_prints_what_is_said_agrees(program, printed, error):
    assert disagreement(program, printed, error) == ""


@pytest.mark.parametrize(
    ("program", "printed", "error"),
    [
        (MEASURED, "1.5 SOLVED () \n", ""),
        (MEASURED, "None REFUSED () \n", ""),
        (MEASURED, "", "NameError: name 'sl' is not defined"),
        (REFUSAL, "12.0 SOLVED () \n", ""),
        (Program("p", 1, MEASURED.code, "The first of them again:"), "0.4 SOLVED ()\n", ""),
        (POLICY, KEPT + KEPT, ""),
        (POLICY, LOST + LOST, ""),
        (POLICY, "", "NameError: name 's' is not defined"),
        (LAW, "[1. 2.]\n[1. 2.]\n", ""),
        (LAW, "", ""),
        (Program("p", 1, "print(1)", "Of another kind:"), "1\n", ""),
    ],
)
def test_a_program_that_prints_something_else_is_seen(program, printed, error):
    assert disagreement(program, printed, error)


@pytest.mark.parametrize("comment", ["3", "3.14", "about 3.1", "3.1e0, and more", "what is right"])
def test_a_comment_that_is_kept(comment):
    assert unkept(f"import math\nprint(math.pi)  # {comment}\nprint(1)", "3.14159\n1\n") == []


@pytest.mark.parametrize("comment", ["1", "3.3", "3.12", "3.14159 2", "3e-1"])
def test_a_comment_that_is_not_kept_is_seen(comment):
    assert unkept(f"import math\nprint(math.pi)  # {comment}", "3.14159\n")


def test_a_program_that_brings_nothing_back_is_seen():
    assert not gains("4.0 digits before\n4.9 digits after\n")
    assert not gains("")
    assert gains("0.0 digits\n12.5 digits, by QR\n")
    assert gains("[1.0, 2.0]\n")


# --- the pages of the checkout


def groups():
    """The pages of the libraries that are here, by the process in which their programs run.

    One for all that share the process of their caller, or are programs: it takes longer to start than they to run. One
    for each other library: what it changes in a process is not to change the answers of the next.
    """
    of = {library.name: library for library in libraries.each() if not library.missing}
    here = {page: of[name] for page in LIBRARY_PAGES if (name := page.stem.removeprefix("library-")) in of}
    alone = [[page] for page, library in here.items() if library.isolated and library.modules]
    return [[page for page in here if [page] not in alone], *alone]


@pytest.mark.parametrize("pages", groups(), ids=lambda pages: pages[0].stem)
def test_the_programs_of_libraries_print_what_their_pages_say(pages):
    found = [program for page in pages for program in programs(page)]
    wrong = [
        f"{program.page}, line {program.line}: {why}"
        for program, outcome in zip(found, run([program.code for program in found]), strict=True)
        if (why := disagreement(program, *outcome))
    ]
    assert not wrong


def test_the_programs_of_each_library_that_is_here_are_among_them():
    taken = [page.stem.removeprefix("library-") for pages in groups() for page in pages]
    assert len(taken) == len(set(taken))
    assert {"numpy", "scipy"} <= set(taken)
    missing = {library.name for library in libraries.each() if library.missing}
    assert set(taken) == {page.stem.removeprefix("library-") for page in LIBRARY_PAGES} - missing


@pytest.mark.parametrize("page", [page for page in PROSE if programs(page)], ids=lambda page: page.name)
def test_the_programs_of_a_text_run_one_after_another(page):
    # A cluster takes seconds to start: test_readme starts one.
    found = [program for program in programs(page) if "Client(" not in program.code]
    errors = [error for _, error in run([program.code for program in found], together=True)]
    assert errors == [""] * len(found)


def test_a_remedy_runs_prints_what_it_says_and_shows_what_it_brings_back():
    here = [(name, one) for name, one in REMEDIES if not any(map(bench.lacks, one.needs))]
    wrong = [
        (name, why)
        for (name, remedy), (printed, error) in zip(here, run([one.code for _, one in here]), strict=True)
        if (
            why := error
            or unkept(remedy.code, printed)
            or ("" if gains(printed) else f"brings nothing back: {printed}")
        )
    ]
    assert not wrong


def test_every_program_on_a_chapter_or_the_index_is_one_of_those_that_are_run():
    known = {remedy.code.strip("\n") + "\n" for _, remedy in REMEDIES}
    pages = {*(EXPERIMENTS / "tables").glob("*.md")} - {*LIBRARY_PAGES}
    strange = [f"{page.name}: {one.code}" for page in sorted(pages) for one in programs(page) if one.code not in known]
    assert not strange
