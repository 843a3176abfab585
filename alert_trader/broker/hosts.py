"""Which hosts are the broker's own."""

_DOMAINS = ("tastyworks.com", "tastytrade.com", "staging-tasty.works")


def is_of_broker(host: str) -> bool:
    """Return whether a host is the broker's own, production or sandbox: no simulated venue is there."""
    name = host.lower().rstrip(".")
    return name in _DOMAINS or name.endswith(tuple(f".{each}" for each in _DOMAINS))
