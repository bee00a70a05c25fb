"""Formulas such as "y ~ x + poly(z, 3) + C(group)": a grammar of our own over the terms of a Design."""

from stabilitylab.data.formula.formula import Formula as Formula
from stabilitylab.data.formula.formula import formula_of as formula_of
from stabilitylab.data.formula.rules import RULES as RULES
from stabilitylab.data.formula.rules import RulesName as RulesName
from stabilitylab.data.formula.used import columns_read as columns_read
