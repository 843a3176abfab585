"""The words of the trading floor: one table for each part they play. All lower case.

A word that stands in none of the tables is a possible ticker where a ticker is expected, and commentary after the contract.
"""

from domain.denial import Code
from domain.parsing.action import Action


def _all(text: str) -> frozenset[str]:
    return frozenset(text.split())


ACTIONS: dict[tuple[str, ...], Action] = {
    ("bto",): Action.BUY,
    ("buy", "to", "open"): Action.BUY,
    ("buying", "to", "open"): Action.BUY,
    ("buy",): Action.BUY,
    ("buying",): Action.BUY,
    ("stc",): Action.SELL,
    ("sell", "to", "close"): Action.SELL,
    ("sell",): Action.MENTION_OF_SALE,
    ("selling",): Action.MENTION_OF_SALE,
    ("sto",): Action.OTHER,
    ("btc",): Action.OTHER,
    ("sell", "to", "open"): Action.OTHER,
    ("buy", "to", "close"): Action.OTHER,
    ("avg",): Action.AVERAGE,
}
"""What a message does; the longest phrase wins."""

FIRST_OF_ACTION = frozenset(words[0] for words in ACTIONS)

LABELS: dict[tuple[str, ...], str] = {("super", "lotto"): "Super Lotto", ("lotto",): "Lotto", ("alert",): "Alert"}

RIGHTS = frozenset({"c", "p", "call", "calls", "put", "puts"})

PRICE_MARKS = frozenset({"at", "for"})
"""Words that the entry price may follow; it then needs a $ or a decimal point, as "for 2" may be anything."""

NO_PRICE = frozenset({"market", "mkt", "mid"})
"""Named in place of a price: the mid decides."""

TARGETS = frozenset({"pt", "pts", "tp", "tps", "target", "targets", "tgt"})
"""Names that several numbers may follow."""

STOPS_AND_TARGETS = TARGETS | frozenset({"sl", "stop", "stops", "stoploss", "loss", "ts", "avg", "average"})
"""What follows one of these is never the price."""

ALSO_TICKERS = frozenset({"TGT"})
"""Words of the trading floor that are tickers when written in capitals where a ticker is expected."""

BETWEEN_LABEL_AND_NUMBER = frozenset({"set", "at", "to", "is", "around", "near", "below", "above", "loss"})

CONTRACT_FILLERS = frozenset({"exp", "expiry", "expiration", "expires", "expiring", "strike", "strikes", "entry", "option", "options"})
"""Words between the parts of a contract that change nothing."""

REMARKS = frozenset({"risky", "risk", "lotto", "super", "swing", "scalp", "day", "trade", "daytrade", "here", "small", "size", "yolo"})
"""Remarks that may stand before or between the parts of an alert and change nothing."""

BEFORE_ACTION = REMARKS | frozenset({"alert", "new", "entry", "option", "options", "position", "high", "i'm", "im"})
"""Words that may stand before the action."""

HAZARDS: dict[str, Code] = {
    **dict.fromkeys(
        _all(
            "if when once unless until till only above below over under break breaks breaking trigger triggers wait waiting watch "
            "watching watchlist maybe perhaps possibly considering consider thinking think planning plan should would could "
            "tomorrow tmrw tonight later open bell close premarket dip pullback retest idea ideas ready looking eyeing eye want "
            "wanted wants wish hope"
        ),
        Code.PARSE_CONDITIONAL,
    ),
    **dict.fromkeys(
        _all(
            "not no never none nope don't dont didn't didnt doesn't doesnt won't wont isn't isnt can't cant cannot shouldn't "
            "shouldnt wouldn't wouldnt wasn't wasnt aren't ain't without avoid stay cancel canceled cancelled cancelling void "
            "ignore disregard scratch nevermind nvm typo mistake wrong correction correcting oops deleted delete fake test "
            "testing example paper papertrade stopped"
        ),
        Code.PARSE_NEGATED,
    ),
    **dict.fromkeys(
        _all(
            "earlier yesterday yesterday's ago was were had been hit gain gains gained profit profits profitable win wins "
            "winner winners won lost currently still already recap recaps closed closing sold out exited exiting trim trimmed "
            "trimming bought called runner runners running banked banger printed congrats nice filled last from result "
            "results expired missed failed done complete completed finished invalid invalidated edit edited update updated"
        ),
        Code.PARSE_NOT_NOW,
    ),
    **dict.fromkeys(
        _all(
            "spread spreads vertical verticals condor condors butterfly butterflies straddle straddles strangle strangles leg "
            "legs roll rolled rolling debit credit calendar calendars diagonal collar iron ratio backspread pcs ccs pds cds"
        ),
        Code.PARSE_SPREAD,
    ),
    **dict.fromkeys(
        _all("reposting repost reposted replying reply replied quote quoting quoted forwarded forwarding fwd rt copied via says said"),
        Code.PARSE_NOT_FIRST_HAND,
    ),
    **dict.fromkeys(_all("short shorting shorted"), Code.PARSE_UNCLEAR),
}
"""Words that take the certainty out of an entry wherever they stand, and why."""

AFTER_LABEL_HARMLESS = frozenset({"above", "below", "under", "over", "close"})
"""Hazards that only describe a stop or target when one was just named."""

JOINS = frozenset({"and", "or", "plus", "versus", "vs"})
"""Words that may join a second contract."""

_GRAMMAR = (
    "bto stc sto btc avg buy buying sell selling dte itm otm atm qty quantity contract contracts con cons each per lim "
    "limit order orders week weekly weeklies weeks month monthly daily today next this eod eow day days min mins hr hrs "
    "am pm est edt et pst"
)
_ENGLISH = (
    "a an and are as at be been but by can did do does for get go going good got great has have he her him his how i in "
    "into is it its just let lets like make many me more most much my new now of off on one or our own put real same see "
    "she so some such than that the their them then there these they this those to too try two us very we well what which "
    "who why will with you your all any another back again added adding add also am because both each even every few "
    "first full guys half here high hold holding large light little long lower main max mid might min nearly pay play "
    "please quick quickly right runner says scalp second set sized slow stock tight time took trying under using way "
    "while yes yet yolo"
)
_MONTHS = (
    "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october november december"
)

NEVER_A_TICKER = frozenset(
    {
        *_all(_GRAMMAR),
        *_all(_ENGLISH),
        *_all(_MONTHS),
        *HAZARDS,
        *RIGHTS - {"c", "p"},
        *STOPS_AND_TARGETS,
        *REMARKS,
        *CONTRACT_FILLERS,
    }
    | {*PRICE_MARKS, *NO_PRICE, *JOINS, "alert"}
)
"""Words that are a ticker only when written with a $."""

LOWER_CASE_ONLY = _all(
    "low big cheap fast deep nice dips cash gap key life love open play snap real safe save true turn wave well wolf work "
    "zoom best car cost ever fun joe man out run sun tell trip tap team target ride rise pump move news mind post rare"
)
"""Words that are a ticker only in capitals or with a $."""
