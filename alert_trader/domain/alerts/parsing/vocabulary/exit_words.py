"""Words of closing, of taking a part off, and of adding to a position."""

from alert_trader.domain.alerts.parsing.vocabulary.words import words

CLOSING = words(
    "close closed closing exit exited exiting sell selling sold cut cutting dumped dumping unloading"
)
"""Words of closing; what follows must be a position."""

PLAIN_CLOSING = words("sell selling sold close dumped dumping cut")
"""Of these, the ones that people also use of shares and other things: a ticker alone is not enough."""

TRIMMING = words("trim trimmed trimming")

PARTS = words(
    "half partial partials some most rest remaining remainder all everything third quarter runners full "
    "position"
)
"""Words for a part of a position."""

SCALING = frozenset({("stopped", "out"), ("scaling", "out"), ("scaled", "out"), ("scale", "out")})

TAKING = words("taking took take")

TAKEN = words("half partial partials profit profits some quarter third")
"""What is taken off a position: "taking half"."""

BEHIND_TAKEN = words("off here on at now @ profit profits of out")
"""What may follow what is taken off; anything else makes it advice: "take profits where you can"."""

BEFORE_EXIT = words(
    "i'm im i we we're i've ok okay alright guys hey team all and also now just so here am are have has "
    "first second third target - * # $ ' \" bang boom"
)
"""What may precede the act of closing in its sentence."""

BEHIND_OUT = words(
    "of here now guys all everyone the my rest remaining it this these those flat be even fully completely"
)
"""What may follow "out" in an exit."""

ADDED = words("added adding add averaging averaged")

BEHIND_ADDED = words("to more some here another a few the my down up")
