"""The order ledger against a small exchange.

Whatever it hears, in whatever order, it ends where the exchange is.
"""

import pytest
from hypothesis import settings

from tests.stateful.ledger_machine import LedgerMachine

pytestmark = pytest.mark.timeout(360)  # only a failure takes time: its example is made small first

TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, derandomize=True, database=None
)
