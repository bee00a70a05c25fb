"""The glossary: terms of the field in plain words, a page of its own to which the chapters link."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TypeAlias

from stabilitylab.report.blocks import Block, Heading, Link, Stressed, Text, Typed, anchor, prose

Span: TypeAlias = str | Typed | Stressed | Link

GLOSSARY = "glossary"
"""The name of the page, without suffix."""

FIRST_PAGE = re.compile(r"explained on the\s+first\s+page")
"""What chapters write of the condition number, which the index explains with a picture."""

CONDITION_NUMBER = "The condition number"
"""The heading of the index under which it is."""

TERMS: Mapping[str, str] = {
    "A, b, x": (
        "The regression: row i of the matrix A holds the regressors of observation i, in a column each, b holds the "
        "responses, and x the coefficients that make the sum of squares of b - A x smallest."
    ),
    "backward error": (
        "How far the data must be changed, relatively, to make the answer that came back the exact one. It is "
        "counted in units of u, the unit roundoff. Column-wise: each column of A measured by its own length."
    ),
    "BLAS": (
        "The library of basic matrix operations with which most numerical software computes; LAPACK, on top of it, "
        "solves systems and least squares. There are several of each, which add in different orders."
    ),
    "copies": (
        "The same regression with its rows and columns in another order (permuted), or with its columns multiplied "
        "by powers of two (scaled), as if they were measured in other units. Both are undone exactly before an answer "
        "is scored: each coefficient goes back to its place, and is multiplied by the power of two of its column. So "
        "neither changes a digit of the exact answer."
    ),
    "cut-off": "The share of the largest singular value, of the largest pivot or of a column's length below which a "
    "call counts a direction as not there.",
    "eps": "2.2e-16 for float64 and 1.2e-7 for float32: the distance from 1 to the next larger number.",
    "float64": (
        "The usual number of 64 bits, also called double: sixteen decimal digits. float32 has 32 bits and seven."
    ),
    "gelsd": (
        "LAPACK's least squares by the singular value decomposition, with a cut-off. gelss is the same by another "
        "algorithm; gelsy uses QR with column pivoting, and has a cut-off too."
    ),
    "minimum-norm": (
        "Of the many solutions of a rank-deficient problem the shortest one. A basic solution leaves columns out "
        "instead: their coefficients are 0 or NA."
    ),
    "normal equations": "A'A x = A'b, the textbook's way, in which A' is A with rows and columns exchanged.",
    "NA": "Not available: what R and others return in place of a coefficient whose column was left out.",
    "QR": (
        "A = Q R, in which the columns of Q are at right angles and of length 1, and R is triangular: a way to "
        "solve a least-squares problem without forming A'A. Householder's and Gram-Schmidt's are two ways to it."
    ),
    "raw": "Columns as they are given: neither centred nor scaled.",
    "rank": (
        "The largest number of columns of A none of which is a combination of the others. Below the number of "
        "columns, A is rank deficient: then many x are equally good. A call that decides so of a matrix of full rank "
        "loses digits."
    ),
    "residual": "b - A x, what the fit leaves unexplained.",
    "route": (
        "One way to call a solver or a library: a function with its arguments, such as numpy.linalg.lstsq with "
        "rcond=0. Those of libraries are called entry points too, and the column of a table that names routes is "
        "headed solver. The default call of a library is the route that most of its users take."
    ),
    "SVD": (
        "The singular value decomposition. The singular values say how long A makes a vector, from the most to the "
        "least; a direction is one of the vectors that go with them, and a small value is a direction that the data "
        "hardly show."
    ),
    "truth": (
        "The exact problem by whose solution an answer is scored: decimal is the data as published, data the same "
        "rounded to the working format, matrix the design matrix as stored."
    ),
    "ulp": (
        "Unit in the last place: the distance between neighbouring numbers of the format at that size. The unit "
        "roundoff u is half of eps."
    ),
}
"""Term -> what it is; a term is linked where it is first used in a chapter."""


def blocks() -> tuple[Block, ...]:
    """The page."""
    terms = [block for term, says in TERMS.items() for block in (Heading(2, (term,)), Text(prose(says)))]
    about = (
        *prose("Words that the chapters use. How digits are counted stands under each table of digits; the condition "),
        *("number has ", Link(("a picture",), "index", anchor((CONDITION_NUMBER,))), "."),
    )
    return (Heading(1, ("Glossary",)), Text(about), *terms, Text((Link(("All chapters",), "index"), ".")))


@cache
def _pattern() -> re.Pattern[str]:
    """The terms as words of their own, the longer first, and the reference to the first page."""
    terms = "|".join(re.escape(term) for term in sorted(TERMS, key=len, reverse=True))
    return re.compile(rf"(?P<first>{FIRST_PAGE.pattern})|(?<![\w-])(?P<term>{terms})(?![\w-])")


def linked(text: Text, met: set[str]) -> Text:
    """A paragraph with a link at the first use of each term that is not among those met, to which it is added."""
    return Text(tuple(part for span in text.spans for part in _linked(span, met)))


def _linked(span: Span, met: set[str]) -> Iterator[Span]:
    if not isinstance(span, str):
        yield span
        return
    last = 0
    for found in _pattern().finditer(span):
        term = found["term"]
        if term in met:
            continue
        if found.start() > last:
            yield span[last : found.start()]
        page, place = ("index", CONDITION_NUMBER) if term is None else (GLOSSARY, term)
        yield Link((found[0],), page, anchor((place,)))
        last = found.end()
        if term is not None:
            met.add(term)
    if last < len(span):
        yield span[last:]
