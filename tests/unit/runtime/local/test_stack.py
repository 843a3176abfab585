"""The settings that the processes of a local stack run by."""

from pathlib import Path

from alert_trader.runtime.local.stack import addressed
from alert_trader.settings.load import load


def test_the_web_ui_of_the_stack_may_use_the_codec_server(tmp_path: Path) -> None:
    """A Web UI at another port than the usual one is another origin.

    It would show encrypted payloads for ever.
    """
    given = load(environment={"TRADER_MODE": "demo"}, directory=tmp_path).settings
    own = addressed(given, {"temporal_port": 4001, "temporal_ui_port": 4002})
    assert own.temporal_address == "127.0.0.1:4001"
    assert own.codec_origins == (*given.codec_origins, "http://127.0.0.1:4002", "http://localhost:4002")
    assert addressed(given, {}).codec_origins == given.codec_origins


def test_an_external_temporal_is_not_changed(tmp_path: Path) -> None:
    """Its Web UI is not ours to know: who may ask is what the settings say."""
    given = load(
        environment={"TRADER_MODE": "demo", "TRADER_TEMPORAL_ADDRESS": "temporal:7233"}, directory=tmp_path
    ).settings
    assert addressed(given, {"temporal_ui_port": 4002}).codec_origins == given.codec_origins
