"""What to draw: frozen declarations without any style. `plot.draw(spec, rows)` makes the figure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from stabilitylab.report.fields import Field, SpecError, number_format
from stabilitylab.report.grid import Reduce, Sort
from stabilitylab.report.marks import ABSENT, is_digits, words
from stabilitylab.report.row_marks import Flag


@dataclass(frozen=True)
class Guide:
    """A reference line at a value of an axis; its words stand outside the axes."""

    axis: Literal["x", "y"]
    at: float
    label: str


@dataclass(frozen=True)
class Lines:
    """One line for each value of `series`: the median of y over the rows at each x, labelled at its end.

    A row without a score is a mark in the lane of its series at the bad edge: the top, or the bottom for digits.
    A row without x is named below the figure. laws: draw what the error laws predict, laws that differ little as one
    band, and say below where measurement is worse. Curves that lie on each other are drawn so that each can be seen.
    panels: a field whose values get a panel each, one below the other. log_y: None means yes unless y counts digits.
    """

    title: str
    x: str = "problem.cond"
    y: str = "error.normwise"
    series: Field = "solver"
    where: Mapping[str, Any] = field(default_factory=dict)
    panels: Field | None = None
    laws: bool = False
    log_x: bool = True
    log_y: bool | None = None
    guides: tuple[Guide, ...] = ()
    x_label: str = ""
    y_label: str = ""
    note: str = ""

    @property
    def y_is_log(self) -> bool:
        """Whether the y axis is logarithmic."""
        return not is_digits(self.y) if self.log_y is None else self.log_y

    @property
    def law(self) -> str:
        """The score that holds the prediction of y."""
        return "predicted.digits" if is_digits(self.y) else "predicted.error"


@dataclass(frozen=True)
class HeatMap:
    """Digits at the crossings of two fields, as colour and number. The fields are those of `table.Pivot`.

    Raises SpecError when value does not count digits.
    """

    title: str
    rows: Field = "solver"
    columns: Field = "problem"
    value: str = "digits.min"
    where: Mapping[str, Any] = field(default_factory=dict)
    reduce: Reduce = "only"
    sort: Sort = "appearance"
    flag: Flag = "none"
    note: str = ""
    absent: str = ABSENT.sentence

    def __post_init__(self) -> None:
        if number_format(self.value) != "digits":
            raise SpecError(f"a heat map colours digits, and {words(self.value)!r} is none: choose a digits score")


@dataclass(frozen=True)
class Scatter:
    """One outline for each row at two of its scores, with colour and marker by series.

    A row that lacks one score is a mark at the edge of the axis it lacks; one that lacks both is named below.
    labels: a field, or a function of the row, whose text stands beside the point; "" or None labels nothing.
    log_x, log_y: None means yes unless the score counts digits.
    """

    title: str
    x: str = "backward_error.columnwise"
    y: str = "digits.min"
    series: Field = "solver"
    where: Mapping[str, Any] = field(default_factory=dict)
    labels: Field | None = None
    log_x: bool | None = None
    log_y: bool | None = None
    guides: tuple[Guide, ...] = ()
    x_label: str = ""
    y_label: str = ""
    note: str = ""

    @property
    def x_is_log(self) -> bool:
        """Whether the x axis is logarithmic."""
        return not is_digits(self.x) if self.log_x is None else self.log_x

    @property
    def y_is_log(self) -> bool:
        """Whether the y axis is logarithmic."""
        return not is_digits(self.y) if self.log_y is None else self.log_y
