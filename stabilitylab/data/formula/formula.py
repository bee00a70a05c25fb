"""A formula as a design over the columns of a table, with what was decided on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError
from stabilitylab.data.design import Design
from stabilitylab.data.formula.category import Factor, labels_of
from stabilitylab.data.formula.coding import Coded, blocks_of, features_of, minimal
from stabilitylab.data.formula.columns import Known
from stabilitylab.data.formula.expansion import Expanded, expanded
from stabilitylab.data.formula.notes import notes_of
from stabilitylab.data.formula.response import column_of_numbers, response_of
from stabilitylab.data.formula.rules import RULES, RulesName
from stabilitylab.data.formula.syntax import Node, Tree, tree_of
from stabilitylab.data.formula.tokens import Source
from stabilitylab.data.polynomial import OrthogonalPolynomial
from stabilitylab.data.table import Table
from stabilitylab.data.terms import Intercept

MOST_FEATURES = 20_000


@dataclass(frozen=True)
class Formula:
    """The response, the design and the column of weights ("" for none) that a formula names.

    notes: sentences about what was decided: reference levels, what a coefficient of poly is, what was named twice.
    text: the formula in one form for all ways to write it; parsed again it gives the same. formed: the response by its
    name where it is a function, as in log(y) ~ x, and no column of the table yet. vanished: a power of one variable, as
    it is written, which means that variable alone; "" for none.
    """

    response: str
    design: Design
    weights: str = ""
    notes: tuple[str, ...] = ()
    text: str = ""
    formed: Mapping[str, ExactColumn | Array] = field(default_factory=dict, compare=False)
    vanished: str = ""

    def __str__(self) -> str:
        return self.text


def formula_of(text: str, table: Table, *, rules: RulesName = "R") -> Formula:
    """The design of a formula such as "y ~ x + poly(z, 3) + log(w) + C(group, ref=a) + x:z - 1"; nothing is evaluated.

    Operators: + adds terms, - removes them, a:b is an interaction, a * b is a + b + a:b, a/b is a + a:b, (a + b)^2 all
    up to pairs, `.` every other column, - 1 and 0 + leave the intercept out. Functions: I(arithmetic), poly(x, 3),
    poly(x, 3, raw), log, log2, log10, log1p, exp, sqrt, scale, center, standardize, elapsed, C, factor, relevel,
    Q("name"). Names with blanks stand in quotes or backticks. Behind a comma weights=column. A column of labels is a
    category; C(x) makes one of numbers. rules: whose reference levels, coding and order of terms: R, statsmodels, SAS,
    SPSS. Terms that are named twice are one. The response is a column, or a function of one, log(y) ~ x, which is then
    in `Formula.formed`.
    Raises InputError with the place in the text, what was expected, and the way out; NotNumericError for labels where
    numbers are needed; UnknownNameError, with near misses, for a column, a function or a level that there is not.
    """
    if not isinstance(text, str):
        raise InputError(f"a formula must be a text; got {text!r}: write 'y ~ x + z'")
    require_choice("rules", rules, tuple(RULES))
    source = Source(text)
    tree = tree_of(source)
    response = response_of(tree.response, Known(source, table, RULES[rules]))
    known = Known(source, table, RULES[rules], response.name)
    weights = "" if tree.weights is None else column_of_numbers(tree.weights, known, "the weights")
    if tree.weights is not None and not weights:
        raise known.error(tree.weights, "the column of weights needs a name: give it one in the table")
    found = expanded(tree.terms, known, (*response.reads, weights) if weights else response.reads)
    formed = {} if response.values is None else {response.name: response.values}
    said = _said(found, known, response.text, weights)
    return Formula(response.name, _design(tree, found, known), weights, *said, formed, found.square)


def _said(found: Expanded, known: Known, response: str, weights: str) -> tuple[tuple[str, ...], str]:
    names = [v.written(known) if isinstance(v, Factor) else v.text for v in found.variables]
    terms = [":".join(names[i] for i in term) for term in found.terms]
    implied = list(dict.fromkeys(i for term in found.terms for i in term))
    if implied != sorted(implied) and not known.rules.minimal:
        # Variables stand in a term in the order in which the formula names them first: it names them first.
        used = [names[i] for i in sorted(implied)]
        terms = [" + ".join(used) + "".join(f" - {name}" for name in used), *terms]
    right = " + ".join(terms or ["1"]) + " - 1" * (not found.intercept)
    behind = f", weights = {known.written(weights)}" if weights else ""
    return notes_of(found, known), f"{response} ~ {right}{behind}"


def _design(tree: Tree, found: Expanded, known: Known) -> Design:
    """The design, its categories coded, met with the labels of the table."""
    node = tree.terms
    if not found.terms and not found.intercept:
        raise known.error(node, "no term is left, not even the intercept: name one")
    for variable in found.used:
        if isinstance(variable, Factor):
            _refuse_row_names(variable, known, node)
    count = sum(_count(found, term, known) for term in found.terms)
    if count > MOST_FEATURES:
        raise known.error(node, f"these are {count} features, more than {MOST_FEATURES}: leave interactions out")
    blocks = blocks_of(found, known.rules)
    if known.rules.name in ("SAS", "SPSS") and len(minimal(found)) > len(blocks):
        # There the last cell of the interaction is left out, a coding of its own.
        says = f"{known.rules.name} codes an interaction without its main effects in its own way: write a*b, or rules R"
        raise known.error(node, says)
    if known.rules.minimal:
        _refuse_full_sums(found, blocks, known, node)
    terms = features_of(found, blocks)
    design = Design(((Intercept(),) if found.intercept else ()) + tuple(terms))
    design.names({name: labels_of(name, known) for name in design.labels})
    return design


def _refuse_full_sums(found: Expanded, blocks: Sequence[Coded], known: Known, node: Node) -> None:
    """patsy codes a category by sums fully as a column of ones and the sums, which is no coding of the levels."""
    for variable in (found.variables[i] for _, full in blocks for i in full):
        if isinstance(variable, Factor) and variable.coding == "sum":
            written = variable.written(known)
            says = f"{written} would have a column of ones and its sums here, in statsmodels: keep the intercept, or "
            raise known.error(node, f"{says}add the main effects, as in a*b; or use C({variable.column})")


def _count(found: Expanded, term: tuple[int, ...], known: Known) -> int:
    """About how many features a block has, from above."""
    count = 1
    for variable in (found.variables[i] for i in term):
        if isinstance(variable, Factor):
            count *= len(labels_of(variable.column, known).levels)
        else:
            count *= sum(t.degree if isinstance(t, OrthogonalPolynomial) else 1 for t in variable.terms)
    return count


def _refuse_row_names(factor: Factor, known: Known, node: Node) -> None:
    rows = known.table.rows
    if rows > 1 and len(labels_of(factor.column, known).levels) == rows:
        written = known.written(factor.column)
        says = (
            f"column {factor.column!r} has another level in each of the {rows} rows, so that it names the rows and "
            f"fits any response: leave it out, as in `. - {written}`"
        )
        raise known.error(node, says)
