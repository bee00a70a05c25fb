"""A page for each difference of meaning, with the headings that every code has."""

import re

import pytest

from paths import ROOT
from stabilitylab.bench.causes import registered
from stabilitylab.diagnosis.arbitrate.meanings import catalog
from stabilitylab.diagnosis.arbitrate.result import NONE_TRIED

PAGES = ROOT / "docs" / "codes"
HEADINGS = ["Cause", "Witness", "How it is proven", "Remedy"]
CODES = sorted({entry.label.code for entry in catalog} | {NONE_TRIED})


@pytest.mark.parametrize("code", CODES)
def test_a_meaning_has_its_page(code):
    text = (PAGES / f"{code}.md").read_text("utf-8")
    assert text.startswith(f"# {code}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[:4] == HEADINGS
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:])


def test_no_page_is_without_a_meaning():
    causes = {one.code for one in registered()}
    assert {path.stem for path in PAGES.glob("SL3*.md")} - causes == set(CODES) - causes
