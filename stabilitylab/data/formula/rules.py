"""How packages choose reference levels and code categories in a formula, as named options."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stabilitylab.data.category import Rule
from stabilitylab.data.terms import Divisor

RulesName: TypeAlias = Literal["R", "statsmodels", "SAS", "SPSS"]


@dataclass(frozen=True)
class Rules:
    """The rules of one package.

    reference: which level is the reference level of treatment coding where the formula names none. Sum coding has its
    last level without a feature in all of them. minimal: whether categories without their margins are coded to full
    rank, and terms with numbers stand behind those without, both as in patsy; otherwise each category is coded either
    fully or by contrasts, and terms stand by the number of their variables, as in R. divisor: what scale(x) divides by.
    says: the rule for the reference level, in words.
    """

    name: RulesName
    reference: Rule
    says: str
    minimal: bool = False
    divisor: Divisor = "sd"


RULES: Mapping[str, Rules] = {
    "R": Rules("R", "first alphabetically", "the first level, as in R"),
    "statsmodels": Rules(
        "statsmodels", "first alphabetically", "the first level, as in statsmodels", True, "population sd"
    ),
    "SAS": Rules("SAS", "last alphabetically", "the last level, as in PROC GLM of SAS"),
    "SPSS": Rules("SPSS", "last alphabetically", "the last level, as in UNIANOVA of SPSS"),
}
