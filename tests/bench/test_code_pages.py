"""A page for each registered code, with its headings, a chapter that is there, and no page without a code."""

import re

import pytest

from paths import ROOT
from stabilitylab.bench.causes import registered

PAGES = ROOT / "docs" / "codes"
HEADINGS = ("Cause", "Witness", "How it is proven", "Remedy", "Chapter")
OTHERS = re.compile(r"SL[34]\d\d")  # registered by `diagnosis.arbitrate` and `training`, whose tests read those pages


def faults(text, label):
    """What a page lacks."""
    found = []
    if not text.startswith(f"# {label.code}: {label.title}\n"):
        found.append("title")
    if tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) != HEADINGS:
        found.append("headings")
    if any(not part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]):
        found.append("empty section")
    chapters = re.findall(r"\]\((.+?)\)", text.partition("## Chapter")[2])
    if not chapters or not all((PAGES / chapter).is_file() for chapter in chapters):
        found.append("chapter")
    return found


@pytest.mark.parametrize("label", registered(), ids=lambda label: label.code)
def test_a_code_has_its_page(label):
    assert faults((PAGES / f"{label.code}.md").read_text("utf-8"), label) == []


def test_no_page_is_without_a_code():
    codes = {label.code for label in registered()}
    assert [
        p.stem for p in sorted(PAGES.glob("*.md")) if p.stem not in codes and not OTHERS.fullmatch(p.stem)
    ] == []


def test_a_faulty_page_is_seen():
    label = registered()[0]
    text = (PAGES / f"{label.code}.md").read_text("utf-8")
    assert faults(text.replace("## Remedy", "## Cure"), label) == ["headings"]
    assert faults(text.replace("experiments/tables/", "experiments/lost/"), label) == ["chapter"]
    assert faults(text.replace(label.title, "another title", 1), label) == ["title"]
    assert faults(re.sub(r"(## Witness\n).*?(?=\n## )", r"\1", text, flags=re.DOTALL), label) == ["empty section"]
