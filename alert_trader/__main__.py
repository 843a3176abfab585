"""`python -EP -m alert_trader PROGRAM ...`: run one of the programs; see `alert_trader.start.command`."""

from alert_trader import start

if __name__ == "__main__":
    start.program()
