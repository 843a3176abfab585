"""The words of the trading floor: one table for each part they play. All lower case.

A word that stands in none of the tables is a possible ticker where a ticker is expected, and commentary after the contract.
"""

from alert_trader.domain.alerts.parsing.action import Action
from alert_trader.domain.denial import Code


def _all(text: str) -> frozenset[str]:
    return frozenset(text.split())


ACTIONS: dict[tuple[str, ...], Action] = {
    ("bto",): Action.BUY,
    ("buy", "to", "open"): Action.BUY,
    ("bought", "to", "open"): Action.BUY,
    ("buying", "to", "open"): Action.BUY,
    ("buy",): Action.BUY,
    ("buying",): Action.BUY,
    ("stc",): Action.SELL,
    ("sell", "to", "close"): Action.SELL,
    ("selling", "to", "close"): Action.SELL,
    ("sold", "to", "close"): Action.SELL,
    ("sell",): Action.MENTION_OF_SALE,
    ("selling",): Action.MENTION_OF_SALE,
    ("sold",): Action.MENTION_OF_SALE,
    ("sto",): Action.OTHER,
    ("btc",): Action.OTHER,
    ("sell", "to", "open"): Action.OTHER,
    ("buy", "to", "close"): Action.OTHER,
    ("avg",): Action.AVERAGE,
}
"""What a message does; the longest phrase wins."""

FIRST_OF_ACTION = frozenset(words[0] for words in ACTIONS)

ACTIONS_BY_FIRST: dict[str, tuple[tuple[tuple[str, ...], Action], ...]] = {
    first: tuple(
        sorted(
            ((said, action) for said, action in ACTIONS.items() if said[0] == first),
            key=lambda each: -len(each[0]),
        )
    )
    for first in sorted(FIRST_OF_ACTION)
}
"""The same by first word, the longest phrase first."""

LABELS: dict[tuple[str, ...], str] = {
    ("super", "lotto"): "Super Lotto",
    ("lotto",): "Lotto",
    ("half", "size"): "Half size",
    ("alert",): "Alert",
}

SIZE_REMARKS: dict[tuple[str, ...], str] = {
    ("super", "lotto"): "Super Lotto",
    ("lotto",): "Lotto",
    ("lottos",): "Lotto",
    ("half", "size"): "Half size",
    ("half", "position"): "Half size",
    ("1/2", "size"): "Half size",
    ("1/2", "position"): "Half size",
}
"""Remarks that say the same as a label, wherever they stand: each makes the trade smaller. The first that is found holds."""

FIRST_OF_REMARK = frozenset(words[0] for words in SIZE_REMARKS)

RIGHTS = frozenset({"c", "p", "call", "calls", "put", "puts"})

PRICE_MARKS = frozenset(
    {
        "at",
        "for",
        "around",
        "near",
        "paid",
        "entry",
        "entries",
        "price",
        "premium",
        "prem",
        "cost",
        "fill",
        "filled",
        "limit",
        "lmt",
    }
)
"""Words that the entry price may follow; it then needs a $ or a decimal point, as "for 2" may be anything."""

FIRM_PRICE_MARKS = frozenset({"paid", "entry", "price", "premium", "prem", "cost"})
"""Of these, the ones that only a price follows: "Entry = 9"."""

PRICE_MARKS_JOINED = frozenset({"price", "premium", "about", "the", "a", "avg", "of", "only", "just"})
"""Words that may stand between a price mark and its price: "for about 1.25"."""

NO_PRICE = frozenset({"market", "mkt", "mid"})
"""Named in place of a price: the mid decides."""

TARGETS = frozenset({"pt", "pts", "tp", "tps", "target", "targets", "tgt"})
"""Names that several numbers may follow."""

SEVERAL_TARGETS = frozenset({"pts", "tps", "targets"})
"""Of these, the ones whose numbers need no comma between them."""

STOPS_AND_TARGETS = TARGETS | frozenset({"sl", "stop", "stops", "stoploss", "loss", "ts", "avg", "average"})
"""What follows one of these is never the price."""

ALSO_TICKERS = frozenset({"TGT"})
"""Words of the trading floor that are tickers when written in capitals where a ticker is expected."""

COUNTED = _all("took grabbed got with trade alert round try attempt challenge number day entry")
"""Behind a complete entry: words whose small whole number counts the author's contracts or trades."""

BEFORE_LEVEL = _all("see toward towards off at near around reach test over above below under")
"""Behind a complete entry: words whose number, as high as a strike, is a level of the underlying."""

BETWEEN_LABEL_AND_NUMBER = frozenset(
    {
        "set",
        "at",
        "to",
        "is",
        "around",
        "near",
        "below",
        "above",
        "under",
        "over",
        "loss",
        "for",
        "of",
        "price",
        "a",
        "the",
        "my",
        "on",
        "=",
        "some",
    }
)

REMARK_LABELS = frozenset(
    _all(
        "risk risking risked support resistance vwap level levels ema sma rsi delta iv oi gap goal looking eyeing sell selling trim "
        "trimming add adding cut cutting exit exiting profit profits size sizing hold through hod lod pdh pdl spx es nq vix watching out"
    )
)
"""Words of the commentary whose number is never the entry's price: levels, plans and sizes."""

UNITS = frozenset(
    _all(
        "min mins minute minutes hr hrs hour hours day days week weeks month months year years ema sma ma dma delta pt pts point points "
        "cents of star stars times"
    )
)
"""Words behind a number of the commentary that say what it counts."""

CONTRACT_FILLERS = frozenset(
    _all(
        "exp expiry expiration expirations expires expiring expire strike strikes entry option options mon tue tues wed thu thur thurs fri"
    )
    | _all("monday tuesday wednesday thursday friday ticker contract symbol expected today")
)
"""Words between the parts of a contract that change nothing."""

ARTICLES = _all("a an the some of on in my our here with w few these")
"""Words that change nothing before the contract is complete."""

NEAR_PRICE = _all("in got i i'm im my")
"""Words that may stand between a complete contract and its price: "got in at 1.25"."""

REMARKS = frozenset(
    {
        "risky",
        "risk",
        "lotto",
        "lottos",
        "super",
        "swing",
        "scalp",
        "day",
        "trade",
        "daytrade",
        "here",
        "small",
        "size",
        "yolo",
        "high",
        "leap",
        "leaps",
    }
)
"""Remarks that may stand before or between the parts of an alert and change nothing."""

BEFORE_ACTION = (
    REMARKS
    | frozenset(
        {
            "alert",
            "alerts",
            "new",
            "starter",
            "play",
            "entry",
            "option",
            "options",
            "position",
            "i'm",
            "im",
            "i",
            "am",
            "we're",
            "we",
            "are",
            "let's",
            "lets",
        }
    )
    | _all(
        "ok okay alright guys hey team everyone folks call calls put puts just also and now first next quick trade half"
    )
)
"""Words that may stand before the action."""

BOUGHT = _all(
    "bought entered entering grabbed grabbing opened opening open long in taking took bto buy going picking picked up snagged snagging "
    "scooped scooping loading loaded starting started jumping jumped got getting some re-entering reentering re-entry reentry swinging "
    "scalping playing starter back"
)
"""Words that tell of an entry when a complete contract and its price are all that follows."""

HAZARDS: dict[str, Code] = {
    **dict.fromkeys(
        _all(
            "if when once unless until till only above below over under break breaks breaking trigger triggers wait waiting watch "
            "watching watchlist maybe perhaps possibly considering consider thinking think planning plan should would could "
            "tomorrow tmrw tonight later open bell close premarket dip pullback retest idea ideas ready looking eyeing eye want "
            "wanted wants wish hope need needs pending"
        ),
        Code.PARSE_CONDITIONAL,
    ),
    **dict.fromkeys(
        _all(
            "not no never none nope don't dont didn't didnt doesn't doesnt won't wont isn't isnt can't cant cannot shouldn't "
            "shouldnt wouldn't wouldnt wasn't wasnt aren't ain't without avoid stay cancel canceled cancelled cancelling void "
            "ignore disregard scratch nevermind nvm typo mistake wrong correction correcting oops jk kidding deleted delete fake test "
            "testing example paper papertrade stopped simulated simulation sim backtest backtested demo practice contest"
        ),
        Code.PARSE_NEGATED,
    ),
    **dict.fromkeys(
        _all(
            "earlier yesterday yesterday's ago was were had been hit gain gains gained profit profits profitable win wins "
            "winner winners won lost currently still already recap recaps closed closing sold out exited exiting trim trimmed "
            "trimming bought called runner runners running banked banger printed congrats nice filled last from "
            "result results morning afternoon trades traded positions holdings portfolio asking summary review journal expired "
            "missed failed done complete completed finished invalid invalidated edit edited update updated"
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
        _all(
            "reposting repost reposted replying reply replied quote quoting quoted forwarded forwarding fwd rt copied via says said"
        ),
        Code.PARSE_NOT_FIRST_HAND,
    ),
    **dict.fromkeys(_all("short shorting shorted"), Code.PARSE_UNCLEAR),
}
"""Words that take the certainty out of an entry wherever they stand, and why."""

CONTRADICTS_LATER = (
    _all(
        "if when once unless until till above below over under break breaks breaking trigger triggers wait waiting maybe perhaps possibly "
        "considering planning plan should tomorrow tmrw tonight later close premarket open need needs pending"
    )
    | frozenset(
        word
        for word, code in HAZARDS.items()
        if code in {Code.PARSE_NEGATED, Code.PARSE_SPREAD, Code.PARSE_NOT_FIRST_HAND}
    )
    | _all(
        "earlier yesterday ago hit recap recaps closed closing sold out exited exiting trimmed bought missed failed done expired"
    )
    | _all(
        "was were had morning afternoon congrats printed banger banked winner winners won lost gain gains gained thinking"
    )
    | _all(
        "invalid invalidated edit edited update updated result results filled completed finished called short shorting shorted"
    )
)
"""Hazards that count even behind a complete entry with its price; the others are only the author's mood there."""

AFTER_LABEL_HARMLESS = frozenset({"above", "below", "under", "over", "close"})
"""Hazards that only describe a stop or target when one was just named."""

VOID = _all("cancel canceled cancelled cancelling void ignore disregard scratch nevermind nvm jk kidding")
"""Words that take a message back, wherever they stand."""

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
_MONTHS = "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october november december"

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
        *PRICE_MARKS,
        *BOUGHT,
        *_all("rest remaining remainder half partial partials everything out runner runners closing"),
    }
    | {*NO_PRICE, *JOINS, "alert"}
)
"""Words that are a ticker only when written with a $."""

LOWER_CASE_ONLY = _all(
    "low big cheap fast deep nice dips cash gap key life love open play snap real safe save true turn wave well wolf work "
    "zoom best car cost ever fun joe man out run sun tell trip tap team target ride rise pump move news mind post rare"
)
"""Words that are a ticker only in capitals or with a $."""

CLOSING = _all(
    "close closed closing exit exited exiting sell selling sold cut cutting dumped dumping unloading"
)
"""Acts of closing; what follows must be a position."""

PLAIN_CLOSING = _all("sell selling sold close dumped dumping cut")
"""Of these, the ones that are said of shares and of other things too: a ticker alone is not enough."""

TRIMMING = _all("trim trimmed trimming")

PARTS = _all(
    "half partial partials some most rest remaining remainder all everything third quarter runners full position"
)
"""Words for a part of a position."""

SCALING = frozenset({("stopped", "out"), ("scaling", "out"), ("scaled", "out"), ("scale", "out")})
TAKING = _all("taking took take")

BEHIND_TAKEN = _all("off here on at now @ profit profits of out")
"""What may follow what is taken off; anything else makes it advice: "take profits where you can"."""

TAKEN = _all("half partial partials profit profits some quarter third")
"""What is taken off a position: "taking half"."""

SCALING = frozenset({("stopped", "out"), ("scaling", "out"), ("scaled", "out"), ("scale", "out")})
TAKING = _all("taking took take")

BEFORE_EXIT = _all(
    "i'm im i we we're i've ok okay alright guys hey team all and also now just so here am are have has first second third target"
) | {
    "-",
    "*",
    "#",
    "$",
    "'",
    '"',
    "bang",
    "boom",
}
"""What may stand before an act of closing in its sentence; "all" only where "out" does not follow."""

BEHIND_OUT = _all(
    "of here now guys all everyone the my rest remaining it this these those flat be even fully completely"
)
"""What may follow "out" and leave it an exit."""

ADDED = _all("added adding add averaging averaged")
BEHIND_ADDED = _all("to more some here another a few the my down up")

CONDITIONS = _all("if when once unless")

TELLING = (
    frozenset({"bto", "stc", "sto", "btc", "avg", "buy", "buying", "sell", "out", "ticker"})
    | frozenset(word for word in FIRST_OF_ACTION)
    | CLOSING
    | TRIMMING
    | ADDED
    | _all("taking took take stopped scaling scaled scale")
)
"""A message without one of these words and without a strike is chatter."""
