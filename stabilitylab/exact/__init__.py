"""Certified least squares: exact Gram matrices, proven enclosures, and coefficients rounded once."""

from stabilitylab.exact.accumulator import GramAccumulator
from stabilitylab.exact.certificate import Certificate
from stabilitylab.exact.checker import Checked, check
from stabilitylab.exact.enclosure import Enclosure, enclose
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.least_squares import lstsq

__all__ = ["Certificate", "CertifiedFit", "Checked", "Enclosure", "GramAccumulator", "check", "enclose", "lstsq"]
