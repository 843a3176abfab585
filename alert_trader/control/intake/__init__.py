"""Messages in: read one, then start a trade, pass it to an open trade, or ignore it."""
