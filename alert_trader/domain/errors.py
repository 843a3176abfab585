"""The base of every error of this product, so that a caller can tell them from other libraries' errors."""


class AlertTraderError(Exception):
    """Something went wrong that this product has words for: its text is for people."""
