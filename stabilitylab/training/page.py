"""The blocks of a run and of its explanation: the verdict first, then what it rests on."""

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from stabilitylab.core.printable import one_decimal, one_line
from stabilitylab.report.blocks import Block, Code, Heading, Items, Stressed, TableBlock, Text
from stabilitylab.report.cells import Cell, Table
from stabilitylab.report.plain_cells import NONE, digits_cell, text_cell
from stabilitylab.training.minimum import mp

if TYPE_CHECKING:
    from stabilitylab.training.explanation import Explanation
    from stabilitylab.training.run import Run

SHOWN = 12  # recorded steps in a table
MOST = 60  # coefficients in a table


def blocks_of_run(run: "Run", title: str) -> Iterator[Block]:
    """Its sentence, some of its steps, and the weights at the end."""
    yield Heading(1, (title,))
    yield Text((sentence_of(run),))
    yield from _numbers(run)


def blocks_of_explanation(found: "Explanation") -> Iterator[Block]:
    """The verdict, the causes, what brings the run nearer, and the numbers behind them."""
    yield Heading(1, ("Training, step by step against the exact minimiser",))
    yield Text((Stressed(one_line(found.verdict), strong=True),))
    if found.notes:
        yield Items(tuple((one_line(note),) for note in found.notes))
    if found.causes:
        yield Heading(2, ("Causes",))
        yield Items(
            tuple(
                (
                    Stressed(f"{one.code} {one.title}.", strong=True),
                    f" {one_line(one.sentence)}."
                    + (f" Shown by removing it: {one_line(one.removal)}." if one.removal else "")
                    + f" More: stabilitylab explain {one.code}.",
                )
                for one in found.causes
            )
        )
    if found.fixes:
        yield Heading(2, ("What brings it nearer",))
        yield Text(("Each was run on these data, with as many steps where it takes steps.",))
        for one in found.fixes:
            yield Text((f"{one.sentence(found.run.digits[-1])}.",))
            yield Code(one.code)
    yield from _numbers(found.run)


def sentence_of(run: "Run") -> str:
    """What a run did, as one sentence."""
    setting = run.setting
    name = setting.optimiser.removeprefix("descent.").replace("_", " ")
    said = f"{name}, rate {setting.lr:g}, {setting.format.name}"
    if not run.is_finite:
        loss = f", the loss infinite at step {run.infinite_loss:,}" if run.infinite_loss is not None else ""
        return f"{said}: weights that are not finite at step {run.not_finite:,}{loss}."
    gap = float(run.gaps[-1])
    ended = f"{run.ended:,} steps" + (" (interrupted)" if run.interrupted else "")
    return (
        f"{said}: {one_decimal(run.digits[-1])} of {one_decimal(run.most_digits)} digits after {ended}, the loss "
        f"{gap:.3g} "
        f"above its minimum."
    )


def _numbers(run: "Run") -> Iterator[Block]:
    yield Heading(2, ("Steps",))
    yield TableBlock(_steps(run))
    yield Heading(2, ("Weights at the end",))
    yield TableBlock(_weights(run))


def _steps(run: "Run") -> Table:
    chosen = np.unique(np.linspace(0, len(run.steps) - 1, SHOWN).round().astype(int))
    body = []
    for k in chosen:
        gap, loss = run.gaps[k], run.losses[k]
        body.append((
            Cell(f"{int(run.steps[k]):,}", int(run.steps[k])),
            _short(loss if np.isfinite(loss) else None, str(loss) if k < len(run.steps) - 1 else NONE),
            _gap(gap),
            digits_cell(run.digits[k] if gap is not None else None),
        ))  # fmt: skip
    header = ("step", "loss, in the format", "above the minimum", "correct digits")
    return Table("The run", header, (False, False, False, True), tuple(body))


def _weights(run: "Run") -> Table:
    body = []
    order = np.argsort(run.coefficient_digits, kind="stable")[:MOST]
    for j in sorted(int(k) for k in order):
        value = float(run.x[j])
        body.append((
            text_cell(run.names[j]),
            _short(value if np.isfinite(value) else None, str(value), ".10g"),
            _short(float(run.minimum.x[j]), NONE, ".17g"),
            digits_cell(run.coefficient_digits[j]),
        ))  # fmt: skip
    header = ("coefficient", "weight", "minimiser", "correct digits")
    return Table("The coefficients", header, (False, False, False, True), tuple(body))


def _gap(gap: Any) -> Cell:
    """A loss gap, which may exceed every float64."""
    if gap is None:
        return Cell("not finite")
    value = float(gap)
    return Cell(f"{value:.4g}", value) if isfinite(value) else Cell(mp.nstr(gap, 4))


def _short(value: float | None, instead: str, format: str = ".4g") -> Cell:
    return Cell(instead) if value is None else Cell(f"{value:{format}}", value)
