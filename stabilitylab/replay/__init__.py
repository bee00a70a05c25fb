"""The stages of a pipeline, run in the user's arithmetic and exactly: the errors of the stages add up to the total."""

from stabilitylab.replay.check import Check as Check
from stabilitylab.replay.enclosed import Enclosed as Enclosed
from stabilitylab.replay.enclosed import Vector as Vector
from stabilitylab.replay.enclosed import vector_of as vector_of
from stabilitylab.replay.replay import INSIDE as INSIDE
from stabilitylab.replay.replay import Replay as Replay
from stabilitylab.replay.replay import replay as replay
from stabilitylab.replay.stage import Stage as Stage
from stabilitylab.replay.stage import joined as joined
from stabilitylab.replay.stage import same as same
