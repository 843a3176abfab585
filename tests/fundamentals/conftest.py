"""The tutorial runs on the same floor as the workflow tests."""

from tests.workflows.conftest import env, floor

__all__ = ["env", "floor"]
