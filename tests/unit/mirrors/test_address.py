"""The archive's address is shown without the credentials that it carries."""

from pathlib import Path

import pytest

from alert_trader.mirrors.address import HIDDEN, without_credentials
from alert_trader.mirrors.archive import Place
from alert_trader.settings.load import describe, load

SECRET = "AKIAEXAMPLE:wJalr/XUtnFEMI@K7"


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("/srv/archive", "/srv/archive"),
        ("s3://bucket/folder", "s3://bucket/folder"),
        ("s3://bucket/a?region=eu-west-1", "s3://bucket/a?region=eu-west-1"),
        (
            f"s3://{SECRET}@bucket/a?region=x&account_key=k",
            f"s3://{HIDDEN}@bucket/a?region=x&account_key={HIDDEN}",
        ),
        ("abfs://:password@host/folder", f"abfs://{HIDDEN}@host/folder"),
    ],
)
def test_credentials_of_an_address_are_hidden(place: str, shown: str) -> None:
    """DUR-50: user, password and unknown parameters are hidden; the rest is shown as it is."""
    assert without_credentials(place) == shown


def test_config_show_and_errors_hide_the_archives_keys(tmp_path: Path) -> None:
    """DUR-50: neither the list of settings nor pyarrow's own error, which repeats the address, has them."""
    found = load(environment={"TRADER_ARCHIVE": f"s3://{SECRET}@bucket/a"}, directory=tmp_path)
    [row] = [row for row in describe(found) if row.name == "TRADER_ARCHIVE"]
    assert row.value == f"s3://{HIDDEN}@bucket/a"
    with pytest.raises(OSError, match="Cannot parse URI") as fault:
        _ = Place.at(f"s3://{SECRET}@bucket/a").filesystem
    assert SECRET not in str(fault.value)
