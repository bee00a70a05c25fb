"""Numbers without names, as pasted from LINEST: refused, for the order in which they stand is not known."""

import re
from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.readers.reader import Block, reader
from stabilitylab.diagnosis.arbitrate.readers.text import Text, is_value

_BETWEEN = re.compile(r"[\s,;\[\]()]+")


@reader("numbers alone", 2)
def numbers_alone(text: Text) -> Iterator[Block]:
    """No block: raises InputError for a text that holds nothing but numbers."""
    words = [word for word in _BETWEEN.split(text.content) if word]
    if words and all(is_value(word) or word.startswith("#N/A") for word in words):
        raise text.refused(
            f"{text.file} holds numbers without names, and which belongs to which coefficient is not known. LINEST of "
            "spreadsheets prints them backwards: that of the last column first, the intercept last. Write each with "
            "its name"
        )
    yield from ()
