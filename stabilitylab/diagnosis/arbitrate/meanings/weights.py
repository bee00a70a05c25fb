"""SL305: weights ignored, read as frequencies, inverted, or their square roots or squares."""

from collections.abc import Iterator
from fractions import Fraction
from math import floor

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.data.correct_rounding import square_root
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Model, Weights
from stabilitylab.diagnosis.arbitrate.setting import EVERY_ROW_ONCE


@meaning("SL305", "weights read in another way", 1)
def weights(view: View) -> Iterator[Model]:
    """Other readings of the weights; where the question has none, the columns of the table that it does not read."""
    setting, given = view.setting, view.setting.weights
    if given.column is None:
        for name in setting.other_numbers:
            column = setting.numbers(name)
            if min(column.integers) >= 0 and len(set(column.integers)) > 1:
                chosen = Weights(f"column {name}", column)
                yield view.model.changed("SL305", f"weighted by the column {name!r}", weights=chosen)
        return
    values = [given.column[row] for row in range(len(given.column))]
    yield view.model.changed("SL305", "the weights ignored", weights=EVERY_ROW_ONCE)
    whole = [Fraction(floor(v)) for v in values]
    yield _read(view, "cut to whole numbers, as frequencies of rows", whole)
    yield _read(
        view, "rounded to whole numbers, as frequencies of rows", [Fraction(floor(v + Fraction(1, 2))) for v in values]
    )
    if min(values) > 0:
        roots = [square_root(v) for v in values]
        yield _read(view, "their inverses 1/w in their place", [1 / v for v in values])
        yield _read(view, "their square roots in their place", roots)
        yield _read(view, "their squares in their place", [v * v for v in values])
        yield _read(view, "1/w² in their place, as if they were standard deviations", [1 / (v * v) for v in values])
        yield _read(view, "the inverses of their square roots in their place", [1 / v for v in roots])


def _read(view: View, says: str, values: list[Fraction]) -> Model:
    return view.model.changed("SL305", f"the weights {says}", weights=Weights(says, ExactColumn.of_fractions(values)))
