"""The mode of the processor is noticed in every way it can be wrong, and put right inside a block only."""

import threading

import pytest

from processor_modes import HERE, MODES, in_mode
from stabilitylab.core.arithmetic import processor
from stabilitylab.core.errors import ProcessorModeError

pytestmark = pytest.mark.skipif(not HERE, reason="modes are set as glibc on x86-64 keeps them")


@pytest.mark.parametrize("mode", MODES)
def test_every_other_mode_is_noticed(mode):
    assert processor.is_default_mode()
    with in_mode(mode):
        assert not processor.is_default_mode()
    assert processor.is_default_mode()


@pytest.mark.parametrize("mode", MODES)
def test_a_block_has_the_default_mode_and_leaves_the_other_one(mode):
    with in_mode(mode):
        with processor.default_mode():
            assert processor.is_default_mode()
        assert not processor.is_default_mode()
        with pytest.raises(KeyError), processor.default_mode():
            raise KeyError
        assert not processor.is_default_mode()


@pytest.mark.parametrize("mode", MODES)
def test_a_thread_that_inherits_the_mode_is_served_too(mode):
    seen = []
    with in_mode(mode):
        thread = threading.Thread(target=processor.in_default_mode(lambda: seen.append(processor.is_default_mode())))
        thread.start()
        thread.join()
    assert seen == [True]


def test_where_the_mode_cannot_be_changed_the_way_out_is_named(monkeypatch):
    monkeypatch.setattr(processor, "_environments", lambda: None)
    with in_mode("upward"), pytest.raises(ProcessorModeError, match=r"ffast-math.*fesetenv"):
        processor.in_default_mode(lambda: 1)()


def test_a_change_that_does_not_help_is_noticed(monkeypatch):
    class Nothing:
        default = None

        def get(self, where):
            pass

        def set(self, what):
            pass

    monkeypatch.setattr(processor, "_environments", Nothing)
    with in_mode("flush to zero"), pytest.raises(ProcessorModeError):
        processor.in_default_mode(lambda: 1)()
