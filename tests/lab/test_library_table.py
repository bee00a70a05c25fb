"""The table of all libraries: which are asked for, and how many wrong answers went unreported."""

import pytest

from made_tables import measured, printed
from stabilitylab import libraries, problems
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.lab.library_table import EVERYDAY, STRD, digits_table, select_libraries
from stabilitylab.report.rows import Rows


def row(solver, problem, digits, supported=8.0, status="SOLVED", warnings=()):
    of = {"library": solver.partition(".")[0].upper(), "version": "1.0"}
    scores = {"digits.min": digits, "digits.supported": supported}
    return measured(problem, solver, status=status, warnings=warnings, conditions=of, scores=scores)


def test_silence_is_counted_where_an_answer_is_wrong_and_nobody_said_so():
    rows = [
        row("b.silent", "nist.p", 0.4),
        row("b.silent", "real.q", 0.0, status="RANK_REDUCED"),
        row("b.warns", "nist.p", 0.4, status="WARNED", warnings=("UserWarning: beware",)),
        row("b.refuses", "nist.p", None, status="REFUSED"),
        row("b.good", "nist.p", 8.0),
        row("a.hopeless", "nist.p", 0.0, supported=1.0),
    ]
    table = digits_table(Rows(tuple(rows)), why=False)
    assert table.header == ("route", "p", "q", "not reported")
    assert table.notes[-1].endswith("the data support 4, and the route is silent and wrong, or only the rank tells.")
    assert printed(table) == [
        ["A 1.0\n  a.hopeless", "0.0 ○", "·", "0"],
        ["B 1.0\n  b.good", "8.0", "·", "0"],
        ["  b.refuses", "⊘", "·", "0"],
        ["  b.silent", "0.4 ●", "0.0 ‡", "2"],
        ["  b.warns", "0.4 !", "·", "0"],
    ]


def test_the_problems_are_those_of_strd_and_everyday_ones():
    assert set(STRD) == {name for name in problems.names() if name.startswith("nist.")}
    assert set(EVERYDAY) <= set(problems.names())


def test_a_library_is_known_by_its_distribution_too():
    assert select_libraries(["Scikit_Learn", "sklearn"]) == select_libraries(["sklearn"])
    assert select_libraries([]) == tuple(libraries.each())


def test_an_unknown_library_is_refused_with_similar_names_or_all():
    with pytest.raises(UnknownNameError, match=r"no library is named 'nmpy': did you mean numpy"):
        select_libraries(["numpy", "nmpy"])
    with pytest.raises(UnknownNameError, match=r"the libraries are .*numpy, .*scipy"):
        select_libraries(["zzzz"])
