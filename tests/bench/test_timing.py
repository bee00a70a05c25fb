"""Ratios of CPU times are those of the work done, under varying load of the machine."""

from itertools import groupby

import pytest

from stabilitylab.bench.timing import FEWEST, MOST, SAMPLE, Timed, costs, interleaved


class Clock:
    """A clock that work moves: exact, so that every ratio is known."""

    def __init__(self):
        self.now, self.calls = 0.0, []

    def __call__(self):
        return self.now

    def work(self, name, seconds):
        def call():
            self.calls.append(name)
            self.now += seconds

        return call


def test_a_ratio_is_that_of_the_work():
    clock = Clock()
    found = interleaved({"one": clock.work("one", 0.001), "three": clock.work("three", 0.003)}, clock=clock)
    assert found["three"].over(found["one"]) == pytest.approx(3)
    assert found["one"].seconds == pytest.approx(0.001)
    assert FEWEST <= len(found["one"].samples) == len(found["three"].samples) <= MOST


def test_what_slows_the_machine_for_some_rounds_does_not_move_the_ratio():
    clock = Clock()
    busy = {"one": iter([1, 1] + [9] * 99), "two": iter([1, 1] + [9] * 99)}

    def work(name, seconds):
        def call():
            clock.now += seconds * next(busy[name])

        return call

    found = interleaved({"one": work("one", 0.5), "two": work("two", 1.0)}, clock=clock)
    assert found["two"].over(found["one"]) == pytest.approx(2)


def test_calls_take_turns_and_short_ones_fill_a_sample():
    clock = Clock()
    interleaved({"a": clock.work("a", 1e-4), "b": clock.work("b", 0.5)}, budget=0.0, clock=clock)
    turns = [(name, len([*group])) for name, group in groupby(clock.calls)]
    assert [name for name, _ in turns] == ["a", "b"] * (FEWEST + 1), "the first turn finds out how many calls fill one"
    assert all(SAMPLE <= calls * 1e-4 <= 2 * SAMPLE for name, calls in turns[2:] if name == "a")
    assert all(calls == 1 for name, calls in turns[2:] if name == "b")


@pytest.mark.parametrize(("own", "target", "beyond"), [((2.0, 4.0), 1.0, 2.0), ((2.0, 4.0), None, None)])
def test_the_scores_of_a_row_are_ratio_and_target(own, target, beyond):
    found = costs(Timed(own), Timed((1.0, 2.0)), target)
    assert found == {"ratio": 2.0, "seconds": 3.0, "target": target, "ratio over target": beyond}


def test_a_route_without_an_answer_has_no_scores():
    assert costs(None, Timed((1.0,)), 4.0) == {"ratio": None, "seconds": None, "target": 4.0, "ratio over target": None}


def test_the_first_call_is_not_counted():
    clock = Clock()
    costs = iter([1000.0] + [1.0] * 99)

    def builds_once():
        clock.now += next(costs)

    assert interleaved({"a": builds_once}, clock=clock)["a"].seconds == 1.0


def test_more_rounds_are_taken_while_there_is_time_and_no_more_than_enough():
    for budget, rounds in ((0.0, FEWEST), (1e9, MOST)):
        clock = Clock()
        assert len(interleaved({"a": clock.work("a", 1.0)}, budget=budget, clock=clock)["a"].samples) == rounds


def test_work_that_no_clock_sees_does_not_divide_by_zero():
    found = Timed((1e-9,)).over(Timed((2e-9,)))
    assert found == 0.5


def test_what_a_call_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        interleaved({"a": lambda: 1 // 0})
