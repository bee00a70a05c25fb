"""An optimiser of a library in a process of its own: whatever happens there is a trajectory that says how it failed."""

import pytest

from isolated import planted_routes
from optimiser_tasks import one_gradient, path, task
from planted_optimisers import LIBRARY, NOT_HERE, crashing, dividing, hanging, shapeless, talking
from stabilitylab.bench import lacks
from stabilitylab.bench.isolation import Limits
from stabilitylab.bench.optimisers import trajectories, trajectory
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.core.types import Status
from stabilitylab.libraries import optimisers

PLANTED = (dividing, shapeless, crashing, hanging, talking)


@pytest.fixture(scope="module")
def planted():
    """Routes of a library that misbehaves, and one of a library that is not here."""
    assert "torch.adam" in optimisers.catalog  # so that all modules have registered theirs
    entries = dict(optimisers.catalog._entries)
    with planted_routes():
        for function in PLANTED:
            optimisers.optimiser_route(f"planted.{function.__name__}", LIBRARY, source="none")(function)
        optimisers.optimiser_route("absent.sgd", NOT_HERE, source="none")(dividing)
        yield
    optimisers.catalog._entries.clear()
    optimisers.catalog._entries.update(entries)


@pytest.mark.parametrize(
    ("name", "failed", "says"),
    [
        ("planted.dividing", Status.RAISED, "ZeroDivisionError: no rate"),
        ("planted.shapeless", Status.RAISED, "of shape (2, 2), expected float64 of shape (4, 2)"),
        ("planted.crashing", Status.DIED, "SIGKILL"),
        ("planted.hanging", Status.TIMED_OUT, "stopped after 1 s"),
        (
            "absent.sgd",
            Status.UNUSABLE,
            "absent.sgd cannot run here: the module 'nowhere' is not installed: pip install",
        ),
    ],
)
def test_nothing_that_happens_gets_out(planted, name, failed, says):
    if failed is Status.TIMED_OUT:
        trajectory("planted.talking", task())  # a process that has started: its first call may take longer
    found = trajectory(name, task(), limits=Limits(seconds=1.0))
    assert (found.path, found.failed) == (None, failed)
    assert says in found.note


def test_warnings_of_a_library_come_with_its_weights(planted):
    found = trajectory("planted.talking", task())
    assert str(found.path.tolist()) == "[[1.0, inf], [2.0, nan], [3.0, 0.0], [4.0, 0.0]]"
    assert found.warnings == ("RuntimeWarning: the rate is large",)


def test_a_task_that_is_not_taken_does_not_reach_the_library(planted):
    found = trajectory("planted.talking", task(format="float16"))
    assert found.failed is Status.UNUSABLE
    assert found.note == "planted.talking takes parameters in float64, float32, not in float16"


def test_trajectories_come_in_the_order_of_names_and_tasks(planted):
    names, tasks = ["planted.talking", "absent.sgd", "planted.talking"], [task(), task(4)]
    found = trajectories(names, tasks)
    talks, wrong, absent = None, Status.RAISED, Status.UNUSABLE
    assert [one.failed for one in found] == [talks, wrong, absent, absent, talks, wrong]


def test_what_an_optimiser_lacks_is_known_by_its_name_as_of_a_route(planted):
    assert "pip install" in lacks("absent.sgd")
    assert lacks("planted.talking") == ""
    with pytest.raises(UnknownNameError, match="no family 'planets'"):
        lacks("planets.sgd")


def test_an_unknown_name_is_an_error():
    with pytest.raises(UnknownNameError, match="sgd"):
        trajectory("torch.sdg", task())


def test_an_option_that_a_library_does_not_know_is_its_own_error():
    path("sklearn.mlp_adam", task())
    found = trajectory("sklearn.mlp_adam", task(options={"epsilom": 1e-3}))
    assert found.failed is Status.RAISED
    assert "epsilom" in found.note


def test_weights_that_diverge_are_weights():
    found = path("sklearn.mlp_momentum", one_gradient(1.0, 1e300, options={"momentum": 0.5}))
    assert found.tolist() == [[0.0], [-1e300]]
