"""Catalogues answer well: an unknown name, a name claimed twice, a library that is not here."""

import pytest

from stabilitylab import libraries, solvers
from stabilitylab.core.catalog import Catalog, Label, RouteLabel
from stabilitylab.core.errors import DuplicateNameError, MissingLibraryError, UnknownNameError
from stabilitylab.core.library import python_library


def test_an_unknown_name_comes_with_the_nearest_ones():
    with pytest.raises(UnknownNameError, match=r"no solver is named 'qr\.housholder': did you mean qr\.householder"):
        solvers.get("qr.housholder")
    with pytest.raises(UnknownNameError, match=r"did you mean .*numpy\.lstsq"):
        libraries.get("numpy.lstq")
    with pytest.raises(AttributeError, match="no solver is a function named 'hausholder'"):
        _ = solvers.hausholder


def test_two_functions_may_not_claim_one_name():
    catalog = Catalog("solver")
    register = catalog.register(Label(name="family.variant", source="here"))

    def first(A, b):
        return b

    def second(A, b):
        return b

    assert register(first) is first
    assert register(first) is first
    with pytest.raises(DuplicateNameError, match=r"'family\.variant'.*first and .*second"):
        register(second)


def test_a_missing_library_is_an_absent_route_and_says_how_to_get_it(monkeypatch):
    catalog = Catalog("library route")
    absent = python_library("absent", title="Absent", modules=("a_library_nobody_has",), distribution="absent")
    label = RouteLabel(name="absent.fit", source="nowhere", library=absent)
    catalog.register(label)(lambda A, b: b)
    monkeypatch.setattr(libraries, "catalog", catalog)
    with pytest.raises(MissingLibraryError, match=r"absent\.fit cannot run here.*'a_library_nobody_has'.*pip install"):
        libraries.get("absent.fit")
    assert libraries.missing() == {"Absent": absent.missing}
    assert issubclass(MissingLibraryError, ImportError)
