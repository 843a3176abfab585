"""Words that make an entry uncertain, each with the code of its refusal."""

import re

from alert_trader.domain.alerts.parsing.vocabulary.entry_words import GET_READY
from alert_trader.domain.alerts.parsing.vocabulary.words import words
from alert_trader.domain.denial import Code

SPREADS = words(
    "spread spreads vertical verticals condor condors butterfly butterflies straddle straddles strangle "
    "strangles"
)
"""Names of positions with several legs."""

DOUBTFUL_WORDS: dict[str, Code] = {
    **dict.fromkeys(GET_READY, Code.PARSE_CONDITIONAL),
    **dict.fromkeys(
        words(
            "if when once unless until till only above below over under break breaks breaking trigger "
            "triggers wait waiting watch watching watchlist maybe perhaps possibly considering consider "
            "thinking think planning plan should would could tomorrow tmrw tonight later open bell close "
            "premarket dip pullback retest idea ideas ready looking eyeing eye want wanted wants wish hope "
            "need needs pending load loads loading loaded prepping preparing stalking tabs prep alerting "
            "almost nearly might may setup setups wanna gonna trying bidding "
            "working potential potentially possible candidate candidates radar deck provided assuming "
            "unfilled "
            "hypothetically hypothetical next"
        ),
        Code.PARSE_CONDITIONAL,
    ),
    **dict.fromkeys(
        words(
            "not no never none nope don't dont didn't didnt doesn't doesnt won't wont isn't isnt can't "
            "cant cannot shouldn't shouldnt wouldn't wouldnt wasn't wasnt aren't ain't without avoid stay "
            "cancel canceled cancelled cancelling void ignore disregard scratch nevermind nvm typo mistake "
            "wrong correction correcting oops jk kidding deleted delete fake test testing example paper "
            "papertrade skip skipping skipped passing sitting alone tracking "
            "stopped simulated simulation sim backtest "
            "backtested demo practice contest"
        ),
        Code.PARSE_NEGATED,
    ),
    **dict.fromkeys(
        words(
            "earlier yesterday yesterday's ago was were had been hit gain gains gained profit profits "
            "profitable win wins winner winners won lost currently still already recap recaps closed "
            "closing sold out exited exiting trim trimmed trimming bought called runner runners running "
            "banked banger printed congrats nice filled last from result results morning afternoon trades "
            "traded positions holdings portfolio asking summary review journal expired missed failed done "
            "complete completed finished invalid invalidated edit edited update updated flow sweep "
            "sweeps unusual whale "
            "whales"
        ),
        Code.PARSE_NOT_NOW,
    ),
    **dict.fromkeys(
        SPREADS
        | words(
            "leg legs roll rolled rolling debit credit calendar calendars diagonal "
            "collar iron ratio backspread pcs ccs pds cds"
        ),
        Code.PARSE_SPREAD,
    ),
    **dict.fromkeys(
        words(
            "reposting repost reposted replying reply replied quote quoting quoted forwarded forwarding "
            "fwd rt copied via says said"
        ),
        Code.PARSE_NOT_FIRST_HAND,
    ),
    **dict.fromkeys(words("short shorting shorted"), Code.PARSE_UNCLEAR),
}
"""Words that make an entry uncertain anywhere in the message, and why."""

DOUBTFUL_BEHIND_ENTRY = (
    words(
        "if when once unless until till above below under over break breaks breaking trigger triggers wait "
        "waiting maybe perhaps possibly considering planning plan should tomorrow tmrw tonight later close "
        "premarket open need needs pending"
    )
    | frozenset(
        word
        for word, code in DOUBTFUL_WORDS.items()
        if code in {Code.PARSE_NEGATED, Code.PARSE_SPREAD, Code.PARSE_NOT_FIRST_HAND}
    )
    | words(
        "earlier yesterday ago hit recap recaps closed closing sold out exited exiting trimmed bought "
        "missed failed done expired was were had morning afternoon congrats printed banger banked winner "
        "winners won lost gain gains gained thinking invalid invalidated edit edited update updated "
        "result flow sweep sweeps "
        "filled completed finished called short shorting shorted"
    )
)
"""Doubtful words that count even behind a complete entry with its price; the others are comments there."""

HARMLESS_BEHIND_LABEL = words("above below under over close")
"""Doubtful words that only describe a stop or target when one was just named."""

CANCELLING = words(
    "cancel canceled cancelled cancelling void ignore disregard scratch nevermind nvm jk kidding"
)
"""Words that cancel the message they are in, anywhere in it."""

CONDITIONS = words("if when once unless until should")

DOUBTFUL_PHRASES = re.compile(
    r"\b(?:eyes on|setting up|(?:about|going|hoping|trying|plan(?:ning)?|looking|want(?:ing)?) to|orders? in"
    r"|bids? on|limits? set|alerts? set|on deck|as soon as|in case"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day(?!\W*\d))\b"  # with a date behind it, it is a stamp
)
"""Getting ready, conditions and other days in several words; in front of an entry they refuse it."""
