"""From the settings to a connection: namespaces, keys, tracing."""

import base64
import sys
from pathlib import Path

import pytest

from alert_trader.domain.execution.policy import Mode
from alert_trader.runtime.target import codec_of, target_of, tracing_of
from alert_trader.settings.load import SettingsError, load
from alert_trader.settings.model import Settings

KEY = base64.b64encode(bytes(range(32))).decode()


def settings(tmp_path: Path, **variables: str) -> Settings:
    """Load settings from variables alone."""
    return load(environment=variables, directory=tmp_path).settings


def test_a_dry_run_is_always_in_another_namespace(tmp_path: Path) -> None:
    """DRY-30: the namespace of another mode is never that of the mode in force."""
    demo = settings(tmp_path, TRADER_MODE="demo", TRADER_TEMPORAL_NAMESPACE="gateway-{mode}")
    assert (target_of(demo).namespace, target_of(demo, mode=Mode.DRY_RUN).namespace) == (
        "gateway-demo",
        "gateway-dry-run",
    )


def test_a_key_in_the_settings_encrypts(tmp_path: Path) -> None:
    """With a key there is a codec for every namespace; without one there is none."""
    keyed = settings(tmp_path, TRADER_ENCRYPTION_KEYS=f"k1:{KEY}")
    assert target_of(keyed).codec is not None
    assert target_of(keyed, mode=Mode.DRY_RUN).codec is not None
    assert codec_of(settings(tmp_path)) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRADER_ENCRYPTION_KEYS", "k1:c2hvcnQ="),
        ("TRADER_ENCRYPTION_KEYS", "hunter2-hunter2"),
        ("TRADER_ENCRYPTION_KEYS", f"k1:{KEY},k1:{KEY}"),
        ("TRADER_API_KEYS", "ops:hunter2"),
        ("TRADER_API_KEYS", "hunter2-hunter2-hunter2"),
        ("TRADER_CODEC_TOKEN", "hunter2"),
    ],
)
def test_an_invalid_key_is_refused_and_not_shown(tmp_path: Path, name: str, value: str) -> None:
    """DUR-50: too short, nameless or twice.

    Refused by the variable's name, and what was given is not repeated.
    """
    with pytest.raises(SettingsError) as caught:
        settings(tmp_path, **{name: value})
    assert name in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_tracing_is_off_by_default_and_names_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off: nothing is imported. On without the extra: the error says what to install."""
    assert tracing_of(settings(tmp_path), "worker") == ()
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ValueError, match=r"alert-trader\[tracing\]"):
        tracing_of(settings(tmp_path, TRADER_TRACING="true"), "worker")
