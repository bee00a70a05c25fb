"""Every code that a diagnosis, an arbitration or the explanation of a training run can name, with what it means."""

from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path

from stabilitylab.bench.causes.cause import catalog as causes
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.diagnosis.arbitrate.meanings import catalog as meanings
from stabilitylab.diagnosis.arbitrate.result import NONE
from stabilitylab.training.causes.cause import catalog as causes_of_training

PAGES = Path(__file__).parents[2] / "docs" / "codes"
"""Where the pages of codes lie beside the package; an installed package comes without them."""


@dataclass(frozen=True)
class Explanation:
    """What a code means: text is its page, or what the test behind it looks for where the pages are not here."""

    code: str
    title: str
    severity: str
    text: str
    source: str = ""


def explanations() -> tuple[Explanation, ...]:
    """Those of all codes, in their order."""
    found = {
        entry.label.code: Explanation(
            entry.label.code,
            entry.label.title,
            entry.label.severity,
            cleandoc(entry.function.__doc__ or ""),
            entry.label.source,
        )
        for catalog in (meanings, causes, causes_of_training)
        for entry in catalog
    }
    says = "The answer solves neither the question asked nor one of those that were tried."
    found[NONE.code] = Explanation(NONE.code, NONE.title, NONE.severity, says)
    return tuple(found[code] for code in sorted(found))


def explanation(code: str) -> Explanation:
    """That of one code, with its page where that is here. Raises UnknownNameError, with near misses."""
    known = {one.code: one for one in explanations()}
    one = known.get(code.upper())
    if one is None:
        raise UnknownNameError(f"no code is named {code!r}: {did_you_mean(code.upper(), tuple(known), plural='codes')}")
    page = PAGES / f"{one.code}.md"
    if not page.is_file():
        return one
    return Explanation(
        one.code, one.title, one.severity, page.read_text("utf-8").partition("\n")[2].strip(), one.source
    )
