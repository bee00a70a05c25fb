"""An argument that is none of what it may be is refused with what was expected and what came."""

import re

import pytest

from stabilitylab.core.arguments import require_choice, require_one_each, require_whole
from stabilitylab.core.errors import InputError

REFUSED = {
    "no choice": (lambda: require_choice("truth", "x", ("exact", "data")), "truth must be one of exact, data; got 'x'"),
    "nothing": (lambda: require_choice("truth", None, iter(["data"])), "truth must be one of data; got None"),
    "a text": (lambda: require_whole("digits", "many"), "digits must be a whole number; got 'many'"),
    "a fraction": (lambda: require_whole("digits", 3.0), "digits must be a whole number; got 3.0"),
    "too few": (lambda: require_whole("n", 0, at_least=1), "n must be a whole number, at least 1; got 0"),
    "one short": (
        lambda: require_one_each("names", ["a"], 2, "columns"),
        "names must have one entry for each of 2 columns; got 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", REFUSED)
def test_what_is_refused_says_what_was_expected_and_what_came(how):
    check, says = REFUSED[how]
    with pytest.raises(InputError, match=f"^{re.escape(says)}$"):
        check()


def test_what_is_allowed_passes():
    require_choice("truth", "data", ("decimal", "data"))
    require_choice("profile", "a", {"a": 1})
    require_whole("digits", -3)
    require_whole("n", 1, at_least=1)
    require_one_each("names", ("a", "b"), 2, "columns")
