"""Certified least squares: exact Gram matrices, proven enclosures, and coefficients rounded once."""

from stabilitylab.exact.accumulator import GramAccumulator
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.float64.enclosure import Enclosure, enclose
from stabilitylab.exact.least_squares import lstsq
from stabilitylab.exact.proof.certificate import Certificate
from stabilitylab.exact.proof.checker import Checked, check

__all__ = ["Certificate", "CertifiedFit", "Checked", "Enclosure", "GramAccumulator", "check", "enclose", "lstsq"]
