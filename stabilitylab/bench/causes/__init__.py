"""Causes of lost digits: one file a cause, each with a witness that is computed and a test that removes it."""

from stabilitylab.bench.causes.cause import Cause as Cause
from stabilitylab.bench.causes.cause import cause_named as cause_named
from stabilitylab.bench.causes.cause import registered as registered
from stabilitylab.bench.causes.found import SEVERITIES as SEVERITIES
from stabilitylab.bench.causes.found import Found as Found
from stabilitylab.bench.causes.found import Severity as Severity
from stabilitylab.bench.causes.rows import with_cause as with_cause
from stabilitylab.bench.causes.rows import with_cause_noted as with_cause_noted
from stabilitylab.bench.causes.search import causes_of as causes_of
from stabilitylab.bench.causes.suspect import Suspect as Suspect
