"""A trade's exits against a small exchange, under every variant of its pairs."""

import pytest
from hypothesis import settings

from tests.stateful.exits_machine import ExitsMachine

pytestmark = pytest.mark.timeout(360)  # only a failure takes time: its example is made small first


class SoakMachine(ExitsMachine):
    """The same, for longer."""


TestExits = ExitsMachine.TestCase
TestExits.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, derandomize=True, database=None
)

TestExitsForLong = pytest.mark.soak(pytest.mark.timeout(3_600)(SoakMachine.TestCase))
TestExitsForLong.settings = settings(max_examples=625, stateful_step_count=80, deadline=None, database=None)
"""50,000 steps."""
