"""Chaos: a stream of alerts through the real stack while processes are killed, and a soak without kills.

`make chaos` and `make soak` run it. Everything random comes from one seed, which is printed. At the end
everything has settled, and an oracle that reads only the venue's tape lists the promises that were broken.
Nothing of the product imports this package.
"""
