"""What a run says about itself: one sentence, the causes that are proven, and the changes that were tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.printable import one_decimal
from stabilitylab.core.types import Status
from stabilitylab.report.blocks import Block
from stabilitylab.report.page import Page, plain_data
from stabilitylab.training.fixes.fix import Tried
from stabilitylab.training.page import blocks_of_explanation
from stabilitylab.training.run import Run


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Page):
    """A run, what kept it from the minimiser, and what brings it there.

    causes: those that are proven, the one to mend first in front; none where the run has arrived. fixes: what was run
    in its place, on the same data with the same number of steps, the most digits first; only what came nearer. notes:
    what else a person should know, as sentences.
    """

    run: Run
    causes: tuple[Found, ...]
    fixes: tuple[Tried, ...]
    notes: tuple[str, ...] = ()

    @property
    def cause(self) -> str:
        """The code of the cause to mend first; "" where the run has arrived."""
        return self.causes[0].code if self.causes else ""

    @property
    def verdict(self) -> str:
        """One sentence: how far the run came, what keeps it there, and the change that helps most."""
        run = self.run
        said = f"{method_of(run)} at the rate {run.setting.lr:g} in {run.setting.format.name}"
        if not self.causes:
            return (
                f"{said} has arrived: {one_decimal(run.digits[-1])} of {one_decimal(run.most_digits)} digits after "
                f"{run.ended:,} steps."
            )
        ended = (
            f"{said} ends with {one_decimal(run.digits[-1])} correct digits after {run.ended:,} steps"
            if run.status is not Status.NOT_FINITE
            else f"{said} ends in numbers that are not finite at step {run.not_finite:,}"
        )
        return f"{ended}: {self.causes[0].sentence} ({self.causes[0].code}).{self._way()}"

    def _way(self) -> str:
        """The change that mends the cause, and how many digits need no training at all."""
        trained = next((one for one in self.fixes if not one.is_direct), None)
        direct = next((one for one in self.fixes if one.is_direct), None)
        said = [one.sentence(self.run.digits[-1]) for one in (trained, direct) if one is not None]
        return " " + ". ".join(said) + "." if said else ""

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        record: dict[str, Any] = plain_data(
            {
                "verdict": self.verdict,
                "cause": self.cause,
                "causes": self.causes,
                "fixes": self.fixes,
                "notes": self.notes,
                "run": self.run.to_dict(),
            }
        )
        return record

    def _blocks(self) -> tuple[Block, ...]:
        return tuple(blocks_of_explanation(self))


def method_of(run: Run) -> str:
    """The optimiser with the hyperparameters that were set, as a sentence has it."""
    return _named(run.setting.optimiser, run.setting.hyperparameters)


def _named(optimiser: str, hyperparameters: Mapping[str, Any]) -> str:
    name = optimiser.removeprefix("descent.").replace("_", " ")
    set_here = ", ".join(f"{key} {value}" for key, value in hyperparameters.items())
    return f"{name} ({set_here})" if set_here else name
