"""Fits and predictions as tables of pandas: the bits of the figures, by the names that the user gave."""

import sys

import numpy as np
import pytest

import stabilitylab as sl
from data_files import written
from stabilitylab.core.errors import InputError, MissingLibraryError
from stabilitylab.exact.predict_file import predict_file

pandas = pytest.importorskip("pandas")
RNG = np.random.default_rng(8)
TABLE = pandas.DataFrame(RNG.standard_normal((9, 4)), columns=list("abyz"), index=list("ihgfedcba"))
FIT = sl.lstsq(TABLE[["a", "b"]], TABLE["y"], intercept=True)


def test_a_fit_is_a_row_for_each_coefficient_with_every_digit():
    found = FIT.to_frame(level=0.9)
    assert list(found.index) == ["intercept", "a", "b"]
    assert found.index.name == "coefficient"
    for column, figure in (
        ("value", FIT.x),
        ("standard_error", FIT.standard_errors),
        ("statistic", FIT.t_statistics),
        ("p", FIT.p_values),
        ("lower", FIT.conf_int(0.9)[:, 0]),
        ("upper", FIT.conf_int(0.9)[:, 1]),
        ("supported_digits", FIT.supported_digits),
    ):
        assert found[column].tolist() == figure.tolist(), column
    assert found.shape == (3, 7)
    found.loc["a", "value"] = 0.0
    assert FIT.x[1] != 0


def test_what_there_is_not_is_nan():
    found = sl.lstsq(TABLE[["a", "b"]], TABLE["y"], ridge=1).to_frame()
    assert found["value"].notna().all()
    assert found.drop(columns="value").isna().all(axis=None)
    with pytest.raises(InputError, match="level is the probability"):
        FIT.to_frame(level=2)


def test_targets_stand_one_under_another():
    fits = sl.lstsq(TABLE[["a", "b"]], TABLE[["y", "z"]], intercept=True)
    found = fits.to_frame()
    assert found.index.names == ["target", "coefficient"]
    assert found.loc[("y", "a"), "value"] == FIT.x[1]
    assert found.loc["z"].equals(fits["z"].to_frame())


def test_a_prediction_has_the_index_of_the_new_rows():
    new = TABLE[["b", "a"]].iloc[2:5]
    found = FIT.predict(new, interval="prediction")
    assert list(found.index) == ["g", "f", "e"]
    made = found.to_frame()
    assert list(made.index) == ["g", "f", "e"]
    for column, figure in (("value", found.values), ("lower", found.lower), ("upper", found.upper)):
        assert made[column].tolist() == figure.tolist()
    assert repr(found).splitlines()[2].split()[0] == "g"
    named = FIT.predict(new.rename_axis("da\x1by"), interval="confidence")
    assert repr(named).splitlines()[1].split()[0] == r"da\x1by"
    plain = FIT.predict(new[["a", "b"]].to_numpy(), interval="prediction")
    assert plain.index is None
    assert list(plain.to_frame().index) == [0, 1, 2]
    assert repr(plain).splitlines()[1:3] == [line.replace("g", "0", 1) for line in repr(found).splitlines()[1:3]]


def test_predictions_for_a_file_have_its_lines(tmp_path):
    rows = [[repr(float(v)) for v in row] for row in TABLE.to_numpy()]
    path = written(tmp_path / "rows.csv", list(TABLE), rows)
    found = predict_file(sl.fit_file(path, "y", truth="matrix", columns=["a", "b"]), path, truth="matrix")
    made = found.to_frame()
    assert made.index.name == "line"
    assert list(made.index) == list(range(2, 11))
    assert list(made) == ["value"]
    assert made["value"].tolist() == FIT.fitted_values.tolist()


def test_without_pandas_the_way_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for one in (FIT, FIT.predict(np.ones((1, 2)), interval="confidence"), sl.lstsq(np.eye(3), np.eye(3)[:, :2])):
        with pytest.raises(MissingLibraryError, match="pandas, which is not installed: pip install pandas"):
            one.to_frame()
