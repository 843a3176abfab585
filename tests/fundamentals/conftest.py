"""The tutorial: ten files, to be read in the order of their numbers.

They use the harness of the workflow tests. It is real except for the market: a Temporal server with a virtual
clock, a worker, the broker adapter over HTTP, and the simulated venue. `harness.quote` sets the market,
`harness.alert` posts an alert, `harness.until` waits for a state.
"""

from tests.workflows.conftest import env, harness

__all__ = ["env", "harness"]
