"""Chaos: a stream of alerts through the real stack while things die, and a soak without deaths.

`make chaos` and `make soak` run it. Everything random comes from one seed, which is printed. At the end
everything has settled, and an oracle that reads only the venue's tape says what was broken. Nothing of the
product imports this package.
"""
