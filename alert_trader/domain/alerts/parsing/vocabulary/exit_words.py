"""Words of closing, of taking a part off, and of adding to a position."""

from alert_trader.domain.alerts.parsing.vocabulary.words import words

CLOSING = words(
    "close closed closing exit exited exiting sell selling sold cut cutting dumped dumping unloading "
    "unloaded "
    "bailed bailing"
)
"""Words of closing; what follows must be a position."""

PLAIN_CLOSING = words("sell selling sold close dumped dumping cut bailed bailing")
"""Of these, the ones that people also use of shares and other things: a ticker alone is not enough."""

BEHIND_CLOSED = words("here now out for it mine flat position fully completely everything @ this them")
"""What may follow a word of closing behind a position: "KO closed here"; "KO closed at 70" is its price."""

IMPERATIVES = words("sell close cut exit")
"""Of these, the ones that may as well be advice: "sell half KO" may be shares, "sold half KO" is a report."""

TRIMMING = words("trim trimmed trimming lightened lightening peeled peeling")

PARTS = words(
    "half partial partials some most rest remaining remainder all everything third quarter runners full "
    "position bulk quarters thirds last final runner"
)
"""Words for a part of a position."""

LEAVING = words(
    "leaving left done with finished closing exiting exit bye goodbye that's it for on in of my the here and "
    "out from"
)
"""Words beside a position in a sentence that only leaves it: "Done with KO. All out"."""

EXCLAMATIONS = words("wow lol omg lfg yes yep boom wtf nice gg ok damn ugh welp")
"""Words that are no ticker alone in a sentence before "all out", though in capitals."""

ALL_WORDS = words("all everything every")
BUT_WORDS = words("but except besides excluding apart minus aside")
"""All words together with these close everything that is not named."""

SCALING = frozenset({("stopped", "out"), ("scaling", "out"), ("scaled", "out"), ("scale", "out")})

OUT = frozenset(
    (first, "out")
    for first in ("fully", "completely", "getting", "got", "cashed", "cashing", "sold", "totally")
)

_LOSSES = tuple(
    (taking, *whose, loss)
    for taking in ("took", "taking", "take", "ate", "eating")
    for whose in (("my",), ("a", "small"), ("small",), ("the", "small"), ("a", "quick"), ("my", "small"))
    for loss in ("loss", "losses", "l")
)
LOSING = (
    *_LOSSES,
    ("got", "stopped", "out"),
    ("ate", "the", "loss"),
    ("eating", "the", "loss"),
    ("ate", "a", "loss"),
    ("eating", "a", "loss"),
    ("took", "the", "loss"),
    ("taking", "the", "loss"),
    ("took", "a", "loss"),
    ("taking", "a", "loss"),
    ("took", "the", "l"),
    ("taking", "the", "l"),
    ("took", "an", "l"),
    ("taking", "an", "l"),
    ("got", "stopped"),
    ("stop", "hit"),
    ("stops", "hit"),
    ("sl", "hit"),
    ("stopped",),
    ("locking", "in", "profits"),
    ("locked", "in", "profits"),
    ("locking", "in"),
    ("locked", "in"),
    ("flat",),
)
"""Phrases of a loss or gain that was taken; the position must be named."""

SHORT_SELLING = words("sold sell selling")
SHORT_SOLD = words("covered cc csp csps cash secured naked put puts call calls premium credit")
"""Right behind a word of selling, these open a short position."""

EXTREMES = words("high highs low lows peak top session hod lod")
"""Behind "half off", these make it how far a price has moved."""

SHORT_ANYWHERE = words("premium credit collateral csp csps cc covered secured naked wheel wheeling")
"""Behind a word of selling in its sentence: a short position, or what is received for one."""

SHARES = words("share shares commons")
"""Beside no strike, these make a sale one of shares."""

NOT_NOW = words("order orders limit target targets stop stops zone side signal")
"""Right behind "sell", these make a plan of it: "sell order in for KO 70c"."""

STOPS = words("stop stops sl")
WAS_HIT = words("hit triggered")
"""A stop and one of these, with the position named, is an exit that was made: "my stop on KO 70c got hit"."""

PAST = words("yesterday earlier ago")
BEFORE_PAST = frozenset(
    {("last", "week"), ("last", "night"), ("last", "month"), ("last", "friday"), ("this", "morning")}
)
"""Words of an exit that was made some time ago."""

TAKING = words("taking took take")

TAKEN = words("half partial partials profit profits some quarter third most")
"""What is taken off a position: "taking half"."""

REST = words("rest remaining remainder runners last")
"""All that is left of a position, where "off" follows: "took the rest off"."""

BEHIND_TAKEN = words("off here on at now @ profit profits of out for the")
"""What may follow what is taken off; anything else makes it advice: "take profits if you have them"."""

PLANS = words("trim take sell close cut scale exit taking")
"""Acts that are a plan where they follow a whole entry: "KO 70c 12/18 @ 1.25. Trim half at 2"."""

POSITION_WORDS = words(
    "swing swings runner runners position positions lotto lottos leap leaps trade contracts cons here "
    "just now is"
)
"""Words that belong to a position in front of the act: "HOOD swings took half"."""

BEFORE_EXIT = words(
    "i'm im i am we we're i've ok okay alright guys hey team all and also now just so here are have has "
    "fully completely totally finally first second third target - * # $ ' \" bang boom alert alerts update"
)
"""What may precede the act of closing in its sentence."""

EVEN = words("breakeven even be cost entry profit profits loss stop")
"""Behind "out at" or "out for", in place of a price."""

BEHIND_OUT = words(
    "of here now guys all everyone the my rest remaining it this these those flat be even fully completely"
)
"""What may follow "out" in an exit."""

TO_THE_READER = words("you u your you're youre ya y'all anyone anybody still")
IN_POSITION = words(
    "still in holding hold have haven't havent followed following took entered got left with didn't didnt"
)
"""Behind "if you", these make a remark to the readers, and no condition of the exit."""
AS_THEY_LIKE = words("like want prefer wanna")
"""The same, of what the readers may do besides."""
OUT_WORDS = words("out off exit exited closed sold done")
"""Behind a part of a position, these close it: "half out", "50% off", "full exit"."""

ADDED = words("added adding add averaging averaged")

BEHIND_ADDED = words("to more some here another a few the my down up")
