"""The tutorial runs on the same floor as the workflow tests."""

from tests.workflows.conftest import env, harness

__all__ = ["env", "harness"]
