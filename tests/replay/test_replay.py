"""Replays: changes that telescope exactly, checks that notice planted faults, and runs that are not made twice."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core.errors import InputError, NotFiniteError, ShapeError
from stabilitylab.replay import INSIDE, Enclosed, Stage, joined, replay, same, vector_of

F = Fraction
PRICES = (F(1, 10), F(2, 10), F(3, 10))


def rounded_to(name, unit, *, exactly=lambda v: v, is_model=False):
    """A stage on tuples of rationals: an exact map, whose outcome the user rounds to multiples of a unit."""

    def users(state):
        return tuple(round(v / unit) * unit for v in exactly(state))

    return Stage(name, f"rounds to {unit}", users, exactly, is_model)


def doubled(state):
    return tuple(2 * v for v in state)


def shifted(state):
    return tuple(v + F(1, 9) for v in state)


def in_floats(name="stored"):
    """The stage that stores rationals as doubles."""
    return Stage(name, "as doubles", lambda state: np.array([float(v) for v in state]), lambda state: state)


def pipeline():
    return [rounded_to("read", F(1, 7)), rounded_to("double", F(1, 30), exactly=doubled),
            rounded_to("shift", F(1, 100), exactly=shifted), in_floats()]  # fmt: skip


def as_the_user(stages, data):
    for stage in stages:
        data = stage.users(data)
    return data


def exact(stages, data):
    for stage in stages:
        data = stage.exactly(data)
    return vector_of(data)


# --- points and changes

numbers = st.fractions(-50, 50, max_denominator=40)
maps = st.tuples(numbers, numbers)


@given(
    st.lists(st.tuples(maps, st.fractions(F(1, 50), 2)), min_size=1, max_size=6),
    st.lists(numbers, min_size=1, max_size=4),
)
def test_the_changes_of_any_rational_stages_add_up_to_the_total_exactly(recipe, data):
    stages = [
        rounded_to(f"s{k}", unit, exactly=lambda state, a=a, c=c: tuple(a * v + c for v in state))
        for k, ((a, c), unit) in enumerate(recipe)
    ]
    found = replay(stages, tuple(data))
    for k, point in enumerate(found.points):
        assert point == exact(stages[k:], as_the_user(stages[:k], tuple(data)))
    for entry in range(len(data)):
        parts = [change[entry].middle for change in found.changes]
        assert sum(parts) == found.total[entry].middle
        assert found.total[entry].middle == found.points[-1][entry].middle - found.points[0][entry].middle
        largest = found.dominant(entry)
        assert (largest is None) == (not any(parts))
        assert largest is None or abs(parts[largest]) == max(map(abs, parts))
    assert found.holds
    assert found.checks == ()


def test_the_end_of_the_users_run_is_what_it_gave_and_of_the_exact_run_the_truth():
    stages = pipeline()
    returned = as_the_user(stages, PRICES)
    found = replay(stages, PRICES, truth=exact(stages, PRICES), returned=returned)
    assert [check.holds for check in found.checks] == [True, True]
    assert found.holds
    assert found.points[-1] == vector_of(returned)
    assert found.points[0] == tuple(Enclosed(2 * v + F(1, 9)) for v in PRICES)
    assert found.names == ("read", "double", "shift", "stored")


def test_radii_stand_beside_the_middles_and_leave_open_what_they_must():
    wide = Stage("solve", "encloses", lambda s: tuple(v + 1 for v in s), lambda s: [Enclosed(v, F(2)) for v in s])
    found = replay([rounded_to("read", F(1, 2)), wide], (F(1, 3),))
    assert [point[0].radius for point in found.points] == [2, 2, 0]
    assert [change[0].radius for change in found.changes] == [4, 2]
    assert found.total[0] == Enclosed(F(1, 2) + 1 - F(1, 3), F(2))
    assert found.dominant(0) is None
    assert found.cancelling(0) == ()
    sharp = replace(wide, exactly=lambda s: [Enclosed(v, F(1, 100)) for v in s])
    assert replay([rounded_to("read", F(1, 2)), sharp], (F(1, 3),)).dominant(0) == 1


def test_stages_that_cancel_are_named_and_the_larger_is_dominant():
    up = Stage("up", "adds 10", lambda s: tuple(v + 10 for v in s), lambda s: s)
    down = Stage("down", "takes 9 away", lambda s: tuple(v - 9 for v in s), lambda s: s)
    small = Stage("small", "takes 1/2 away", lambda s: tuple(v - F(1, 2) for v in s), lambda s: s)
    found = replay([up, down, small], (F(5),))
    assert found.dominant(0) == 0
    assert found.cancelling(0) == (0, 1)
    assert found.cancelling(0, beyond=F(9)) == ()
    assert replay([up, small], (F(5),)).cancelling(0) == ()


# --- planted faults


def test_two_stages_swapped_are_noticed():
    stages = pipeline()
    returned, truth = as_the_user(stages, PRICES), exact(stages, PRICES)
    stages[1], stages[2] = stages[2], stages[1]
    found = replay(stages, PRICES, truth=truth, returned=returned)
    assert not found.holds
    assert [check.holds for check in found.checks] == [False, False]


@pytest.mark.parametrize("skipped", [0, 1, 2])
def test_a_stage_skipped_is_noticed(skipped):
    stages = pipeline()
    returned, truth = as_the_user(stages, PRICES), exact(stages, PRICES)
    del stages[skipped]
    assert not replay(stages, PRICES, truth=truth, returned=returned).holds


def test_a_wrong_truth_is_noticed_with_the_entry():
    stages = pipeline()
    truth = list(exact(stages, PRICES))
    truth[1] = Enclosed(truth[1].middle + F(1, 10**40), F(1, 10**41))
    found = replay(stages, PRICES, truth=tuple(truth))
    assert found.refuted == ("read", "double", "shift", "stored")
    assert "entry 1" in found.checks[0].says
    truth[1] = Enclosed(truth[1].middle, F(1, 10**40))
    assert replay(stages, PRICES, truth=tuple(truth)).holds
    assert "3 entries, and 2" in replay(stages, PRICES, truth=tuple(truth[:2])).checks[0].says


@pytest.mark.parametrize("towards", [-np.inf, np.inf])
def test_a_returned_vector_with_one_unit_in_the_last_place_changed_is_noticed(towards):
    stages = pipeline()
    returned = as_the_user(stages, PRICES)
    returned[2] = np.nextafter(returned[2], towards)
    assert replay(stages, PRICES, returned=returned).refuted == ("read", "double", "shift", "stored")


def test_the_sign_of_a_zero_is_a_bit():
    assert not replay([in_floats()], (F(0),), returned=np.array([-0.0])).holds


def test_a_returned_vector_that_is_not_finite_is_no_other_vector():
    assert not replay([in_floats()], (F(1),), returned=np.array([np.nan])).holds


def test_a_stage_that_differs_from_a_certified_point_is_named():
    stages = pipeline()
    at = {"double": exact(stages[2:], as_the_user(stages[:2], PRICES))}
    assert replay(stages, PRICES, certified=at).holds
    stages[1] = rounded_to("double", F(1, 5), exactly=doubled)
    assert replay(stages, PRICES, certified=at).refuted == ("double",)


def test_what_is_known_between_the_stages_tells_which_of_them_are_wrong():
    stages = pipeline()
    stored = [stages[0], in_floats("kept"), *stages[2:3], in_floats("end")]
    known = {"kept": as_the_user(stored[:2], PRICES), "end": as_the_user(stored, PRICES)}
    assert replay(stored, PRICES, returned=known).holds
    stored[2] = rounded_to("shift", F(1, 9), exactly=shifted)
    found = replay(stored, PRICES, returned=known)
    assert [check.holds for check in found.checks] == [True, False]
    assert found.refuted == ("shift", "end")


# --- models of a library's inside


def test_a_model_that_reproduces_the_answer_is_used():
    stages = [rounded_to("read", F(1, 8)), rounded_to("scale", F(1, 3), exactly=doubled, is_model=True), in_floats()]
    found = replay(stages, PRICES, returned=as_the_user(stages, PRICES))
    assert found.names == ("read", "scale", "stored")
    assert found.holds


def test_a_model_that_does_not_is_one_stage_with_all_behind_it():
    models = [rounded_to("scale", F(1, 3), exactly=doubled, is_model=True), in_floats()]
    stages = [rounded_to("read", F(1, 8)), *models]
    returned = np.array([0.25, 0.5, 0.75])
    found = replay(stages, PRICES, truth=exact(stages, PRICES), returned=returned)
    assert found.names == ("read", INSIDE)
    assert not found.checks[0].holds
    assert found.checks[0].refutes == ("scale",)
    assert found.holds
    assert found.points[-1] == vector_of(returned)
    assert found.points[1] == exact(stages[1:], stages[0].users(PRICES))


def test_printing_behind_a_library_starts_from_what_the_library_returned():
    def printed(state):
        return np.round(state, 1)

    stages = [rounded_to("scale", F(1, 3), exactly=doubled, is_model=True), in_floats(),
              Stage("printing", "one decimal", printed, lambda s: s)]  # fmt: skip
    known = {"stored": np.array([0.26, 0.5, 0.75]), "printing": np.array([0.3, 0.5, 0.8])}
    found = replay(stages, PRICES, returned=known)
    assert found.names == (INSIDE, "printing")
    assert found.holds
    assert found.points[2] == vector_of(known["printing"])
    assert found.points[1] == vector_of(known["stored"])


# --- what is not run twice


class Counting:
    """Counts the exact runs of a stage."""

    def __init__(self, stage):
        self.count, self.of = 0, stage

    def stage(self):
        def exactly(state):
            self.count += 1
            return self.of.exactly(state)

        return replace(self.of, exactly=exactly)


def test_stages_that_round_nothing_leave_one_exact_end():
    solver = Counting(in_floats("solve"))
    stages = [*(rounded_to(f"s{k}", F(1, 5)) for k in range(9)), solver.stage()]
    found = replay(stages, (F(1, 5), F(2)))
    assert solver.count == 1
    assert not any(any(v.middle for v in change) for change in found.changes[:-1])
    solver.count = 0
    assert any(v.middle for v in replay(stages, (F(1, 7), F(2))).changes[0])
    assert solver.count == 2


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=8), st.integers(-4, 4))
def test_runs_that_meet_end_alike_however_they_met(recipe, start):
    # On small integers many runs meet, behind different stages and after they had parted.
    stages = [
        Stage(f"s{k}", "", lambda v, c=c: (v[0] // 2 + c,), lambda v, c=c, kept=kept: v if kept else (abs(v[0]) % 3,))
        for k, (kept, c) in enumerate(recipe)
    ]
    found = replay(stages, (start,))
    for k, point in enumerate(found.points):
        assert point == exact(stages[k:], as_the_user(stages[:k], (start,)))


def test_joined_stages_end_where_they_end_one_by_one():
    stages = pipeline()
    whole = joined(stages[:3], "three", "of them")
    few, many = replay([whole, stages[3]], PRICES), replay(stages, PRICES)
    assert few.points == (many.points[0], *many.points[3:])
    assert not whole.is_model
    assert joined([replace(stages[0], is_model=True)], "one", "").is_model
    with pytest.raises(InputError, match="at least one"):
        joined([], "none", "")


@pytest.mark.parametrize(
    ("first", "second", "are"),
    [
        (np.array([0.0]), np.array([-0.0]), False),
        (np.array([np.nan]), np.array([np.nan]), True),
        (np.array([1.0]), np.array([1.0], dtype=np.float32), False),
        (np.array([1, 2]), np.array([[1, 2]]), False),
        (np.array([1, None]), np.array([1, None]), False),
        ((np.array([1.0]), "a"), (np.array([1.0]), "a"), True),
        ((1, 2), (1, 2, 3), False),
        ([1], (1,), False),
        (1, 1.0, False),
        (float("nan"), float("nan"), False),
    ],
)
def test_states_are_equal_where_that_is_known(first, second, are):
    assert same(first, second) is are
    assert same(first, first)


# --- what is refused


@pytest.mark.parametrize(
    ("stages", "arguments", "error", "message"),
    [
        ([], {}, InputError, "needs stages"),
        ([in_floats(), in_floats()], {}, InputError, "another name"),
        ([in_floats()], {"certified": {"stord": ()}}, InputError, "'stord'.*stored"),
        ([in_floats()], {"returned": {"end": np.ones(3)}}, InputError, "'end'"),
        ([Stage("sum", "", lambda s: (sum(s),), lambda s: s)], {}, ShapeError, "one length"),
        ([Stage("inf", "", lambda s: np.array([np.inf] * 3), lambda s: s)], {}, NotFiniteError, "inf for entry 0"),
        ([Stage("text", "", lambda s: ["1"] * 3, lambda s: s)], {}, InputError, "entry 0 is '1'"),
        ([Stage("bool", "", lambda s: [True] * 3, lambda s: s)], {}, InputError, "entry 0 is True"),
    ],
)
def test_what_no_replay_can_be_made_of_is_refused(stages, arguments, error, message):
    with pytest.raises(error, match=message):
        replay(stages, PRICES, **arguments)


def test_a_radius_is_not_negative():
    with pytest.raises(InputError, match="0 or more"):
        Enclosed(F(1), F(-1))


def test_floats_of_any_format_are_taken_exactly():
    state = np.array([[0.1, 2], [3, 4]], dtype=np.float32)
    assert vector_of(state) == tuple(Enclosed(F(float(v))) for v in state.ravel())
    wide = np.longdouble(1) / 3
    assert vector_of([wide, 3, F(1, 3)]) == (Enclosed(F(*wide.as_integer_ratio())), Enclosed(F(3)), Enclosed(F(1, 3)))
