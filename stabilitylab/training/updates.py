"""The ways in which a step is added to the weights, by the names that a setting has for them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import FLOAT32
from stabilitylab.solvers.descent.updates import Update, compensated, master, plain, stochastic

if TYPE_CHECKING:
    from stabilitylab.training.setting import Setting

UPDATES: Mapping[str, Callable[["Setting"], Update]] = {
    "plain": lambda setting: plain,
    "compensated": lambda setting: compensated(),
    "master": lambda setting: master(setting.state or FLOAT32),
    "stochastic": lambda setting: stochastic(setting.seed),
}


def update_of(setting: "Setting") -> Update:
    """The update of a setting, for one run. Raises InputError for a name that is none."""
    require_choice("update", setting.update, tuple(UPDATES))
    return UPDATES[setting.update](setting)
