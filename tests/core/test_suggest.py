"""What is offered in place of an unknown name: what resembles it, or all there is."""

from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.suggest import MOST, did_you_mean, similar, unknown_names

NAMES = ["qr.householder", "qr.mgs", "svd.full"]


def test_a_name_with_a_slip_is_answered_with_the_name_that_was_meant():
    assert did_you_mean("qr.housholder", NAMES).startswith("did you mean qr.householder")
    assert did_you_mean("a b", ["a  b"], show=repr) == "did you mean 'a  b'?"


def test_where_nothing_resembles_it_all_are_listed_in_their_order_up_to_a_limit():
    assert did_you_mean("zzz", NAMES, plural="routes") == "the routes are qr.householder, qr.mgs, svd.full"
    many = [f"a{k}" for k in range(MOST + 1)]
    assert did_you_mean("zzz", many).endswith(f" a{MOST - 1}, ... ({MOST + 1} in all)")
    assert did_you_mean("zzz", many[:MOST]).endswith(f" a{MOST - 1}")
    assert did_you_mean("zzz", [], plural="routes") == "there are no routes"
    assert did_you_mean("", ["", "x"]) == "the names are , x", "an empty name resembles nothing"


def test_of_few_all_are_listed_beside_what_was_meant_and_of_many_the_number_is_said():
    assert did_you_mean("prise", ["Age", "price"], plural="columns", show=repr, few=2) == (
        "did you mean 'price'? The columns are 'Age', 'price'"
    )
    assert did_you_mean("prise", ["price", *"abc"], plural="columns", few=3) == (
        "did you mean price? There are 4 columns"
    )


def test_a_name_that_differs_in_case_alone_is_the_only_one_offered():
    assert did_you_mean("PRICE", ["prices", "Price", "prince"], plural="columns", few=5) == "did you mean Price?"
    assert similar("a", ["A", "b", "a "]) == ["A"]


def test_of_several_unknown_names_each_has_its_hint():
    assert unknown_names(["prise"], ["price", "age"]).startswith("no column is named 'prise': did you mean 'price'?")
    assert unknown_names(["prise", "zzz"], ["price", "age"]) == (
        "no columns are named 'prise' (did you mean 'price'?), 'zzz': the columns are 'price', 'age'"
    )


@given(st.sampled_from(NAMES), st.data())
def test_a_letter_left_out_or_doubled_still_finds_the_name(name, data):
    k = data.draw(st.integers(0, len(name) - 1))
    assert name in similar(name[:k] + name[k + 1 :], NAMES)
    assert name in similar(name[:k] + name[k] + name[k:], NAMES)
