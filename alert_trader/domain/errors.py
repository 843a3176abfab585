"""The base of every error of this product, so that a caller can tell them from other libraries' errors."""


class AlertTraderError(Exception):
    """An error of this product; its text is for people."""
