"""Words in and around a contract: rights, price marks, stops and targets, units, and fillers."""

from alert_trader.domain.alerts.parsing.vocabulary.words import words

RIGHTS = words("c p call calls put puts")

PRICE_MARKS = words("at for around near paid entry entries price premium prem cost fill filled limit lmt")
"""Words that the entry price may follow; it then needs a $ or a decimal point, as "for 2" may be anything."""

FIRM_PRICE_MARKS = words("paid entry price premium prem cost")
"""Of these, the ones that only a price follows: "Entry = 9"."""

BEHIND_PRICE = words("entry fill filled paid cost premium prem")
"""Price marks that may also stand behind their price: "4.45 entry"."""

BETWEEN_MARK_AND_PRICE = words("price premium about the a avg of only just")
"""Words that may stand between a price mark and its price: "for about 1.25"."""

NO_PRICE = words("market mkt mid cmp")
"""Named in place of a price: the limit then follows from the quote."""

TARGETS = words("pt pts tp tps target targets tgt \U0001f3af")
"""Names that several numbers may follow."""

SEVERAL_TARGETS = words("pts tps targets")
"""Of these, the ones whose numbers need no comma between them."""

STOPS = words("sl stop stops stoploss loss invalidation \U0001f6d1")

STOPS_AND_TARGETS = TARGETS | STOPS | words("ts avg average")
"""A number behind one of these is never the price."""

COUNTED = words("took grabbed got with trade alert round try attempt challenge number day entry")
"""Behind a complete entry: words whose small whole number counts the author's contracts or trades."""

BEFORE_LEVEL = words(
    "see toward towards off at near around reach test over above below under for into past through hits"
)
"""Behind a complete entry: words whose number, as high as a strike, is a level of the underlying."""

MOVES = words(
    "run runs running go goes push pushes ride climb pop rip back up down bounce drop fade grind way"
)
"""Words with a "to" between them and a level: "could run to 255"; "switch to 255" may be another strike."""

BETWEEN_LABEL_AND_NUMBER = words(
    "set at to is around near below above under over loss for of price a the my on = some only it this half "
    "if when once reclaims reclaim closes breaks break breakdown loses trades goes gets back it dips drops "
    "falls pulls tags comes close daily hourly candle mental hard soft tight initial current"
)

COMMENTARY_LABELS = words(
    "risk risking risked support resistance vwap level levels ema sma rsi delta iv oi gap goal looking "
    "eyeing sell selling trim trimming add adding cut cutting exit exiting profit profits size sizing hold "
    "targeting aiming shooting through hod lod pdh pdl spx es nq vix watching out"
)
"""Words of the commentary whose number is never the entry's price: levels, plans and sizes."""

UNITS = words(
    "min mins minute minutes hr hrs hour hours day days week weeks month months year years ema sma ma dma "
    "delta pt pts point points cents of star stars times bucks dollars usd"
)
"""Words behind a number of the commentary that name what it counts."""

CONTRACT_FILLERS = words(
    "exp expiry expiration expirations expires expiring expire strike strikes entry option options ticker "
    "contract symbol expected today hedge"
)
"""Words between the parts of a contract that change nothing."""

WEEKDAYS = words("mon tue tues wed thu thur thurs fri monday tuesday wednesday thursday friday")

ARTICLES = words("a an the some of on in my our here with w few these about couple x")
"""Words that change nothing before the contract is complete."""

NEAR_PRICE = words("in got i i'm im my here position")
"""Words that may stand between a complete contract and its price: "got in at 1.25"."""

COMPARES = words("vs versus")
"""Of these, the ones that only compare behind a whole entry: "cheaper vs PEP"."""

EVENTS = words(
    "earnings er report reports reporting results numbers delivery deliveries cpi ppi fomc fed nfp jobs "
    "data print "
    "conference event launch news catalyst split dividend div ex meeting hearing"
)
"""What happens to a company or the market: a day beside one of these is no expiration."""

JOINS = words("and or plus versus vs")
"""Words that may join a second contract."""
