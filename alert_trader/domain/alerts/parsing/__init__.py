"""The pipeline that reads one message. Each stage takes the frozen values of the stages before it and returns its own.

    1 normalize        str -> NormalizedText             the text as a reader sees it
    2 tokens           NormalizedText -> Token, ...      words, numbers and dates with their offsets (`prefilter` ends talk here)
    3 outline          tokens -> Outline                 where the action phrases are, and the named values of a form
    4 candidates       Outline -> Candidate, ...         what the message may be: entry, exit, addition; most certain first
    5 fields.collect   Candidate -> Fields               the tokens of each field of the contract
    6 reading          Fields -> Reading                 the value of each field, with the token it was read from
    7 checks.check     Reading -> Verdict                certain, refused with a code, or no such thing: the next candidate
    8 answer           Verdict -> ParsedAlert            the answer with the spans it was read from
    9 explanation      Verdict -> Explanation            for people: each token, each check

`alert_trader.domain.alerts.parser` runs them in this order. `context` is what is known besides the text: the day, and the
room's defaults. `vocabulary` holds the words and the values of tokens; every stage may use it, and no stage calls another.
`corrections` is beside the pipeline: it uses stages 1 and 2 alone.

Lives here: the grammar of alerts. Never here: an opinion on the market, or a clock.

To read a new shape:

1. Write its example into `tests/unit/domain/alerts/test_parser_entries.py` (or `..._exits.py`), and one that is close to it and
   must be refused into `test_parser_refusals.py`.
2. `trader parse --explain 'TEXT'` prints the tokens and the check that failed. That names the stage to change: a new way to
   write a date or number is a shape in `tokens`; a new word belongs into one table of `vocabulary`; a new name of a form into
   `vocabulary.form_names`; a new kind of sentence is a `Shape` in `candidates`.
3. Run `tests/unit/domain/alerts`. A text that no candidate matches is chatter; a reading that no check accepts is refused.
"""
