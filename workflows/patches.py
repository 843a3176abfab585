"""Every change of what a running workflow asks for, by name: a workflow that passed that place before keeps to the old way for its life.

A name goes when no workflow from before it can still run, and its history goes with it.
"""

ASKS_LATE = "author-out-asks-late"
"""A person is asked about what filled after an author's exit that needs a word; before, it was held on its exit plan."""

LOOKS_AT_THE_CLOSE = "looks-at-the-last-close"
"""A trade that holds reads the contract's quote as it stops trading; before, what it held to the end counted as worthless."""

PAGES_AGAIN = "pages-again-for-a-refused-exit"
"""A person is called again while an exit is refused on; before, after five refusals and never again."""

TAKES_BACK = "takes-back-beside-a-late-fill"
"""An entry is taken back that works while an earlier one turns out to be filled; before, it worked on until its next rung."""
