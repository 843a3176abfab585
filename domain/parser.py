"""Reads a message as an alert: total, pure, and certain or refused.

`parse` answers one reading with the spans of text it rests on. What is not read with certainty is refused with a code of the PARSE family
when it looks like an entry, and is chatter otherwise (WHO-40). Message text is data: reasons carry it shortened and without any character
that a chat, a terminal or a log would act on (WHO-60). The grammar is in `domain.parsing`.
"""

from domain.alert import AlertMessage, ParsedAlert
from domain.parsing.reading import read

LONGEST_ALERT = 4000
"""Characters; the longest message Discord carries. A longer text is not cut into tokens at all."""


def parse(message: AlertMessage) -> ParsedAlert:
    """Read a message. Never raises: every input has an answer. The message's own New York date resolves years and DTE."""
    return read(message, longest=LONGEST_ALERT)
