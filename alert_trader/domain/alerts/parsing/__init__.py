"""The pipeline that reads a message: each stage takes frozen values of earlier stages and returns its own.

    1 normalize       -> NormalizedText   the text as a reader sees it; `prefilter` ends most talk here
    2 tokens          -> Token, ...       words, numbers and dates, each with its offsets
    3 outline         -> Outline          actions, what precedes the contract, the named values of a form;
                                          `word_order` puts the act first
    4 candidates.find -> Candidate, ...   what the message may be: entry, exit or addition, in order
    5 fields.collect  -> Fields           the tokens of each field of the contract
    6 reading         -> Reading          the value of each field
    7 checks.check    -> Verdict          certain, refused with a code, or None: try the next candidate
    8 answer          -> ParsedAlert      the answer, with the spans it was read from
    9 explanation     -> Explanation      for people: each token and each check

`alert_trader.domain.alerts.parser` runs them in this order; no stage calls another (an import contract in
pyproject.toml keeps it so). A message with several acts is cut (`candidates.parts`), each part is read, and
`answer.together` joins them. `context` is what is known besides the text: the day, and the room's defaults.
`vocabulary` has the words, and the values of tokens; every stage may use it. `corrections` is no stage.

Lives here: the grammar of alerts. Never here: an opinion on the market, or a clock.

To read a new shape:

1. Write an example into `tests/unit/domain/alerts/test_parser_entries.py`, and a similar text that must be
   refused into `test_parser_refusals.py`.
2. `trader parse --explain 'TEXT'` prints the tokens and the failed check, which names the stage to change.
   A new way to write a date or number is a shape in `tokens`, a new word goes in one table of `vocabulary`,
   a new kind of sentence is a `Shape` in `candidates` with its checks in `checks.check`.
3. Run `tests/unit/domain/alerts`. A message without a candidate is chatter; a whole contract never is.
"""
