"""A rank that a route knows is reported as a rank: in a note alone it would be called silence."""

import ast

from paths import ROOT


def unreported(source):
    """The lines that make a Fit whose note speaks of a rank and that has no rank."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Fit":
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            words = [text.value for text in ast.walk(given.get("note", node.func)) if isinstance(text, ast.Constant)]
            if "rank" in " ".join(map(str, words)) and "rank" not in given:
                found.append(node.lineno)
    return found


def test_no_adapter_hides_a_rank_in_its_note():
    adapters = sorted((ROOT / "stabilitylab" / "libraries").rglob("*.py"))
    assert len(adapters) > 40
    assert {path.name: lines for path in adapters if (lines := unreported(path.read_text("utf-8")))} == {}


def test_a_rank_in_a_note_alone_is_found():
    assert unreported('Fit(x, note="" if rank == n else f"model.rank is {rank}")') == [1]
    assert unreported('Fit(x, note=f"model.rank is {rank}", rank=rank)\nFit(x, note="slow")') == []
