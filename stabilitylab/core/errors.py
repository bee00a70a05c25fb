"""The errors of stabilitylab: each says what was expected, what came, and the way out.

Those that a caller can mend by passing something else are also ValueError; a missing library is also ImportError.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Argument:
    """An argument that would mend an error: name=value in the syntax of Python; a command writes its own option."""

    name: str
    value: str | tuple[str, ...]

    def __str__(self) -> str:
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return f"{self.name}={value!r}"


class StabilityLabError(Exception):
    """The root of every error this package raises on purpose.

    Its args are texts, and Arguments where the way out is one; str() joins them as Python writes arguments. picture:
    lines shown below the message, such as a formula with the place marked, without control characters.
    """

    picture: str = ""

    def __str__(self) -> str:
        return self.written(str) + self.picture

    def written(self, argument: Callable[[Argument], str]) -> str:
        """The message with each Argument in another syntax."""
        return "".join(argument(part) if isinstance(part, Argument) else str(part) for part in self.args)


class InputError(StabilityLabError, ValueError):
    """The data cannot be a regression problem as given."""


class ShapeError(InputError):
    """A and b do not fit together."""


class EmptyError(InputError):
    """There are no rows or no columns."""


class UnderdeterminedError(InputError):
    """Fewer rows than columns: m < n."""


class NotFiniteError(InputError):
    """The data hold a NaN or an infinity."""


class ComplexError(InputError):
    """The data are complex; the problem here is real."""


class NotNumericError(InputError):
    """The data are not numbers."""


class RankDeficientError(InputError):
    """A is exactly rank deficient, so that the solution is not unique and no policy was named."""


class OutOfRangeError(InputError):
    """A number lies outside the range of the format it must be stored in: overflow, or underflow of a non-zero."""


class UnknownNameError(StabilityLabError, LookupError):
    """No entry of that name in the catalogue."""


class DuplicateNameError(StabilityLabError, ValueError):
    """Two entries of a catalogue claim one name."""


class MissingLibraryError(StabilityLabError, ImportError):
    """The route needs a library that is not installed."""


class UnusableProgramError(StabilityLabError, OSError):
    """A program, or the process of a library, could not be started: what it needs is not on this machine."""


class NotCertifiedError(StabilityLabError, ArithmeticError):
    """The reference could not be proven to the digits asked for."""


class UntrustedBLASError(StabilityLabError, ArithmeticError):
    """The BLAS does not multiply in true float64, on which exact sums and rounding bounds rest."""


class ProcessorModeError(StabilityLabError, ArithmeticError):
    """This thread does not round to nearest, or flushes subnormal numbers to zero, and that cannot be changed here."""


class UndeterminedWarning(UserWarning):
    """The data support less than one digit of a coefficient: certified for the numbers as they stand, it is noise."""


class Breakdown(StabilityLabError, ArithmeticError):  # noqa: N818 - the field's word; it is a result, not a fault
    """A solver cannot go on; the message names the place and the number: "pivot 7 of A'A is -8.6e-06"."""
