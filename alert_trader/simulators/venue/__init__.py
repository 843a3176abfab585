"""A Tastytrade-compatible exchange on this machine: REST, account streamer, DXLink, faults, and a tape.

Lives here: everything the exchange needs, from the option pricing to the sockets. It runs in its own process
(`python -P -m alert_trader.simulators.venue`), or inside a test
(`alert_trader.simulators.venue.server.start`), and the unmodified SDK of the broker talks to it. Its tape
(`alert_trader.simulators.venue.tape`) is the evidence that an independent check of the trader reads. Never
here: an import from another package. What the trader assumes must not affect what the exchange does.

Theory of operation: `exchange.py` is synchronous and owns all state; sockets call it and are notified of
changes; time comes in through a clock and a scheduler, so nothing in it waits. The fill model is written at
the head of `matching.py`.
"""
