"""Readers of coefficients in files: one for each form in which programs print them, and people write them down."""

from stabilitylab.diagnosis.arbitrate.readers.reader import Block as Block
from stabilitylab.diagnosis.arbitrate.readers.reader import Row as Row
from stabilitylab.diagnosis.arbitrate.readers.reader import Text as Text
from stabilitylab.diagnosis.arbitrate.readers.reader import blocks_of as blocks_of
from stabilitylab.diagnosis.arbitrate.readers.reader import catalog as catalog
from stabilitylab.diagnosis.arbitrate.readers.text import text_of as text_of
from stabilitylab.diagnosis.arbitrate.readers.text import text_of_file as text_of_file
