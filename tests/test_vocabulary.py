"""One vocabulary for how an answer reports that it is wrong: that of `scoring.reporting`; and no images for it."""

import ast
import re

import pytest

from paths import EXPERIMENTS, ROOT

FORBIDDEN = re.compile(
    r"""\b(
      without\ a\ word | no\ word | in\ silence | silently      # silent, or only the rank tells?
    | (says?|said|saying|say)\ nothing | nothing\ (is|was)\ said
    | (any|no)body | who\ said\ so | says?\ so\ when
    | hears? | heard | voices? | loud | mute
    | bites? | biting
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
PRINTED = ("lab", "libraries", "probes", "problems", "solvers", "scoring/metrics", "conformance")
"""Rooms whose texts come onto pages."""


def sentences(source):
    """The texts of a module that hold a blank, docstrings among them: what may be printed on a page."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def found(texts):
    """The forbidden words in (line, text) pairs."""
    return [(line, word[0]) for line, text in texts for word in FORBIDDEN.finditer(text)]


def whole(path):
    """The lines of a file with their numbers."""
    return list(enumerate(path.read_text("utf-8").splitlines(), 1))


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*.py")), ids=lambda path: path.stem)
def test_an_experiment_speaks_of_reports_in_their_words(path):
    assert found(whole(path)) == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_so_do_the_pages_for_readers(name):
    assert found(whole(ROOT / name)) == []


@pytest.mark.parametrize("room", PRINTED)
def test_so_do_the_texts_that_pages_are_made_of(room):
    modules = sorted((ROOT / "stabilitylab" / room).rglob("*.py"))
    assert modules
    assert {path.name: words for path in modules if (words := found(sentences(path.read_text("utf-8"))))} == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It came without a word.", ["without a word"]),
        ("The cut-off bites, and nobody hears it.", ["bites", "nobody", "hears"]),
        ("`lstsq` says nothing.", ["says nothing"]),
        ("Silently wrong, in silence.", ["Silently", "in silence"]),
        ("It is silent and wrong; only the rank tells; it warned.", []),
        ("NA or NaN; refused or failed.", []),
    ],
)
def test_a_word_of_another_vocabulary_is_seen(text, words):
    assert [word for _, word in found([(1, text)])] == words


def test_a_text_inside_a_module_is_seen():
    source = '"""Doc."""\nKEY = "voice"\nSAID = f"{KEY} came without a word"\n'
    assert found(sentences(source)) == [(3, "without a word")]
