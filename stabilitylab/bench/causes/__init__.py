"""Causes of lost digits: one file a cause, each with a witness that is computed and a test that removes it."""

from stabilitylab.bench.causes.found import SEVERITIES as SEVERITIES
from stabilitylab.bench.causes.found import Found as Found
from stabilitylab.bench.causes.found import Severity as Severity
