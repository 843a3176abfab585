"""The fixtures of a reported trade."""

from tests.support.reported_trades import bought, trade

__all__ = ["bought", "trade"]
