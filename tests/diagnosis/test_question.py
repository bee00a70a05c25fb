"""The certified fit of a question, once for each truth."""

import numpy as np
import pytest

from own_tables import healthy, nanosecond_stamps, question, thermometers
from stabilitylab.exact import lstsq


@pytest.mark.parametrize("table", [healthy, thermometers])
def test_floats_as_they_are_stored_have_one_truth(table):
    asked = table()
    fit, exact = asked.fit("decimal"), lstsq(asked.problem, truth="decimal")
    assert fit is asked.fit("matrix")
    assert fit.x.tolist() == exact.x.tolist()
    assert fit.names == exact.names
    assert fit.standard_errors.tolist() == exact.standard_errors.tolist()
    assert fit.near_relations == exact.near_relations
    assert fit.supported_digits == pytest.approx(exact.supported_digits, abs=0.3)


def test_decimals_and_floats_of_another_format_have_several():
    stamps = nanosecond_stamps()
    assert stamps.fit("decimal").x.tolist() != stamps.fit("matrix").x.tolist()
    x = np.cos(np.arange(9.0))
    short = question({"x": x, "y": np.sin(x)}, format="float32")
    assert short.fit("decimal").x.tolist() != short.fit("matrix").x.tolist()
