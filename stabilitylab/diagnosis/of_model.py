"""What can be said of a fitted model, whose fit was not seen: other rows or weights leave the same as lost digits."""

from collections.abc import Callable, Mapping

from stabilitylab.bench.causes import Found, cause_named
from stabilitylab.core.errors import InputError
from stabilitylab.core.printable import one_decimal
from stabilitylab.diagnosis.question import Call

INSIDE, UNKNOWN = "SL120", "SL199"
LUCK = 2.0  # digits by which a call made again may keep more, and the first have lost them in the same way


def refuse_options_of_tables(options: Mapping[str, bool]) -> None:
    """Raise InputError for the first option that is set, of those that a fitted model has settled."""
    for name, is_set in options.items():
        if is_set:
            rows = ", without the rows in which a cell is missing" if name == "missing" else ""
            raise InputError(
                f"{name} goes with a table, and a fitted model has its own: leave {name} out, and pass X, y and "
                f"weights as they were fitted{rows}"
            )


def proven_of_model(
    causes: tuple[Found, ...], call: Call, digits: float, repeated: Callable[[], float]
) -> tuple[Found, ...]:
    """The causes, without the claim that a library lost the digits, unless the call loses as many when made again.

    digits: of the call. repeated: gives those of the same call made again, 0 for none.
    """
    if call.refit is None or (call.refit and repeated() < digits + LUCK):
        return causes
    label, says = cause_named(UNKNOWN), "lost in the fit, or it was not made on these X, y and weights"
    return tuple(
        Found(label.code, label.title, label.severity, says, digits_before=one.digits_before)
        if one.code == INSIDE
        else one
        for one in causes
    )


def of_other_rows(call: Call, digits: float) -> str:
    """The verdict on coefficients that the call, made again on these data with these digits, does not give."""
    way = "Fit it again: the data inside it, or the coefficients, are not those of its fit."
    if (call.refit or "").startswith("sklearn."):
        way = "Pass the rows it was fitted on, in the same order, and the weights of the fit where it had some."
    return (
        "The coefficients of this model are not those of a fit to these X and y: fitted again on them, "
        f"{call.name.rpartition('.')[2]} gives {one_decimal(digits)} digits. {way}"
    )
