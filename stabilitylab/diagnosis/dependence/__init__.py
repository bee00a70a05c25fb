"""Near dependence of columns: which, by which relation, and whether it harms intervals, digits, both or nothing."""

from collections.abc import Mapping

import numpy as np

from stabilitylab.core.errors import NotCertifiedError, OutOfRangeError, RankDeficientError, UnderdeterminedError
from stabilitylab.diagnosis.dependence.columns import Columns, columns_of
from stabilitylab.diagnosis.dependence.harm import risks
from stabilitylab.diagnosis.dependence.relations import (
    LARGE,
    exact_relations,
    near_relations,
    of_powers,
    within_rounding,
)
from stabilitylab.diagnosis.dependence.says import exact_says, says
from stabilitylab.diagnosis.question import Question
from stabilitylab.diagnosis.result import Dependence, Harm, NearDependence
from stabilitylab.exact import CertifiedFit
from stabilitylab.exact.relation import NearRelation

AT_RISK = 10.0  # condition index from which a relation is reported where digits are at risk


def dependence_of(question: Question, *, certified: bool = True) -> Dependence:
    """How nearly the columns of a question depend on each other, which harm that does, and what to do.

    Condition indexes and variance-decomposition proportions are those of Belsley, Kuh and Welsch (1980): the intercept
    included, columns scaled to norm 1, not centred; a relation is reported from an index of 30 on. Variance inflation
    factors are about the mean where a column is constant. Where columns depend on others exactly, in the numbers as
    given, all of that is infinite, and the relations are exact. certified: from the certified fit of the question; else
    from float64 alone, without relations that hold exactly or within rounding, and with condition indexes up to 1e16.
    Cost: two QR factorisations of A (m, n), beside the certified fit. Raises the errors of that fit, but for a lower
    rank, and for fewer rows than columns, which have one.
    """
    if not certified:
        return _of_full_rank(question, None)
    try:
        return dependence_by(question, question.fit("decimal"))
    except (RankDeficientError, UnderdeterminedError):
        return dependence_by(question, question.fit("decimal", "minimum-norm"))


def dependence_by(question: Question, fit: CertifiedFit) -> Dependence:
    """The same from a certified fit that is there already: of the question, or of all the rows that it stands for."""
    if fit.certificate.rank == len(fit.x):
        return _of_full_rank(question, fit)
    columns = columns_of(question, fit)
    near = exact_relations(columns, fit)
    taking_part = {name for one in near for name in one.weights}
    harm: dict[str, Harm] = {name: "both" if name in taking_part else "none" for name in columns.names}
    return _dependence(columns, near, harm, exact_says(near))


def _of_full_rank(question: Question, fit: CertifiedFit | None) -> Dependence:
    columns = columns_of(question, fit)
    proven = () if fit is None else _proven(fit)
    near = within_rounding(columns, proven)
    by_rounding = {name: True for one in proven if one.is_strict for name in one.names}
    found = risks(question, columns, fit, by_rounding)
    harm = {name: found.harm(j) for j, name in enumerate(columns.names)}
    at_risk = any(found.numerical(j) and found.near[j] for j in range(len(harm)))
    for least in (LARGE, AT_RISK) if at_risk and not near else (LARGE,):
        if (question.problem.design.degree or 0) > 1:
            near += of_powers(columns, least)
        else:
            near += near_relations(columns, question.rows, least, [one.column for one in proven])
        if near:
            break
    return _dependence(columns, near, harm, says(question, columns, near, found))


def _proven(fit: CertifiedFit) -> tuple[NearRelation, ...]:
    try:
        return fit.near_relations
    except (NotCertifiedError, OutOfRangeError):
        return ()


def _dependence(columns: Columns, near: list[NearDependence], harm: Mapping[str, Harm], text: str) -> Dependence:
    return Dependence(
        cond=columns.cond,
        cond_scaled=float(columns.indexes[-1]),
        indexes=tuple(columns.indexes.tolist()),
        proportions=tuple(map(tuple, np.asarray(columns.proportions).tolist())),
        vif=dict(zip(columns.names, columns.inflation, strict=True)),
        near=tuple(near),
        harm=harm,
        says=text,
    )
