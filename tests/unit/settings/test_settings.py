"""Where settings come from, what is refused, and that no secret shows."""

from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from alert_trader.domain.execution.policy import Conversion, Mode, Policy
from alert_trader.domain.market.trading_hours import Closures, EarlyClose
from alert_trader.settings.load import (
    REDACTED,
    Loaded,
    SettingsError,
    Source,
    as_environment,
    describe,
    load,
    variable,
)
from alert_trader.settings.model import DEMO_AUTHOR, Settings

ROOT = Path(__file__).resolve().parents[3]


def loaded(tmp_path: Path, **variables: str) -> Loaded:
    """Load from variables alone."""
    return load(environment=variables, directory=tmp_path)


def test_defaults_are_the_policy_of_the_domain(tmp_path: Path) -> None:
    """With nothing set, the rules are the domain's own defaults, in dry-run, and nobody may alert."""
    settings = loaded(tmp_path).settings
    assert settings.policy() == Policy(mode=Mode.DRY_RUN)
    assert settings.namespace == "dry-run"


def test_every_setting_reaches_the_policy(tmp_path: Path) -> None:
    """A knob that is set is in the rules of the next trade."""
    policy = loaded(
        tmp_path,
        TRADER_LADDER_STEP="4.5",
        TRADER_LADDER_BUMPS="2",
        TRADER_LADDER_WINDOW="18",
        TRADER_LADDER_CEILING="0.07",
        TRADER_LADDER_CONVERSION="cancel",
        TRADER_LADDER_CONVERT_WITHIN_TICKS="3",
        TRADER_SIZE_MAX_NOTIONAL="1234.50",
        TRADER_SAFETY_MAX_ALERT_AGE="30",
        TRADER_AUTHORS="1, 2",
    ).settings.policy()
    assert policy.ladder.step == timedelta(seconds=4.5)
    assert (policy.ladder.bumps, policy.ladder.window) == (2, timedelta(seconds=18))
    assert (policy.ladder.ceiling, policy.ladder.conversion) == (Decimal("0.07"), Conversion.CANCEL)
    assert policy.ladder.convert_within_ticks == 3
    assert policy.sizing.max_notional == Decimal("1234.50")
    assert policy.safety.max_alert_age == timedelta(seconds=30)
    assert policy.allowlist.authors == ("1", "2")


def test_announced_closures_reach_the_policy(tmp_path: Path) -> None:
    """Days and early closes are in the rules of the next trade.

    A child process and a TOML file's own dates read the same.
    """
    found = loaded(
        tmp_path,
        TRADER_CALENDAR_CLOSURES="2027-01-07, 2027-05-05",
        TRADER_CALENDAR_EARLY_CLOSES="2027-07-02=12:30",
    ).settings
    early = (EarlyClose(day=date(2027, 7, 2), at=time(12, 30)),)
    assert found.policy().closures == Closures(days=(date(2027, 1, 7), date(2027, 5, 5)), early=early)
    assert load(environment=as_environment(found), directory=tmp_path).settings == found
    (tmp_path / "trader.toml").write_text(
        'calendar_closures = [2027-01-07, "2027-05-05"]\ncalendar_early_closes = ["2027-07-02=12:30"]\n'
    )
    assert load(environment={}, directory=tmp_path).settings.policy().closures == found.policy().closures


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TRADER_CALENDAR_CLOSURES", "9 Jan 2027", "expected a date such as 2027-01-09, found '9 Jan 2027'"),
        ("TRADER_CALENDAR_CLOSURES", "2027-02-30", "expected a date such as"),
        ("TRADER_CALENDAR_CLOSURES", "2027-01-09", "found Saturday 2027-01-09"),
        ("TRADER_CALENDAR_EARLY_CLOSES", "2027-07-02", "such as 2027-07-02=13:00"),
        ("TRADER_CALENDAR_EARLY_CLOSES", "2027-07-02=13:00+02:00", "such as 2027-07-02=13:00"),
        ("TRADER_CALENDAR_EARLY_CLOSES", "2027-07-02=25:00", "such as 2027-07-02=13:00"),
        ("TRADER_CALENDAR_EARLY_CLOSES", "2027-07-02=18:00", "found 18:00 on 2027-07-02"),
        ("TRADER_CALENDAR_EARLY_CLOSES", "2027-07-05=13:00", "Monday 2027-07-05, which is closed"),
    ],
)
def test_an_impossible_closure_is_refused(tmp_path: Path, name: str, value: str, words: str) -> None:
    """What was found, and how it is written: a slip in a date must not look as if it held."""
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, **{name: value})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("variables", "fraction", "gain"),
    [
        ({}, "0.5", "1.0"),
        ({"TRADER_EXIT_PRESET": "all-at-half"}, "1.0", "0.5"),
        ({"TRADER_EXIT_PRESET": "all-at-half", "TRADER_EXIT_GAIN": "0.75"}, "1.0", "0.75"),
    ],
)
def test_exit_presets(tmp_path: Path, variables: dict[str, str], fraction: str, gain: str) -> None:
    """A preset sets both exit knobs, and a knob that is set wins over it."""
    exits = loaded(tmp_path, **variables).settings.policy().exits
    assert (exits.fraction, exits.gain) == (Decimal(fraction), Decimal(gain))


def test_the_first_source_wins_and_is_named(tmp_path: Path) -> None:
    """Flag, environment, .env, trader.toml, stack, default.

    In this order, and each value knows where it came from.
    """
    (tmp_path / ".env").write_text("TRADER_LADDER_BUMPS=1\nTRADER_LADDER_STEP=5\nPOSTGRES_PASSWORD=other\n")
    (tmp_path / "trader.toml").write_text(
        "ladder_bumps = 2\nladder_step = 6\nladder_grace = 7\nauthors = [11, 12]\n"
    )
    found = load(
        flags={"mode": Mode.DEMO, "log_level": None},
        environment={"TRADER_LADDER_BUMPS": "0", "TRADER_MODE": "dry-run"},
        directory=tmp_path,
        stack={"mode": "live", "venue_url": "http://127.0.0.1:1"},
    )
    assert found.settings.mode is Mode.DEMO
    assert found.settings.ladder_bumps == 0
    assert found.settings.ladder_step == timedelta(seconds=5)
    assert found.settings.ladder_grace == timedelta(seconds=7)
    assert found.settings.authors == ("11", "12")
    assert found.settings.venue_base_url == "http://127.0.0.1:1"
    names = ("mode", "ladder_bumps", "ladder_step", "ladder_grace", "venue_url", "log_level")
    assert [found.sources[name] for name in names] == [
        Source.FLAG,
        Source.ENVIRONMENT,
        Source.DOTENV,
        Source.FILE,
        Source.STACK,
        Source.DEFAULT,
    ]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TRADER_LADER_STEP": "3"}, "Did you mean TRADER_LADDER_STEP?"),
        ({"TASTYTRADE_ACOUNT": "3"}, "Did you mean TASTYTRADE_ACCOUNT?"),
        ({"TRADER_MODE": "paper"}, "TRADER_MODE (env)"),
        ({"TRADER_LADDER_STEP": "soon"}, "expected a number of seconds, found 'soon'"),
        ({"TRADER_LADDER_STEP": "nan"}, "expected a number of seconds"),
        ({"TRADER_LADDER_STEP": "30"}, "expected a ladder_window of at least 120 s"),
        ({"TRADER_TEMPORAL_NAMESPACE": "trades"}, "expected {mode} once"),
        ({"TRADER_TEMPORAL_RETENTION_DAYS": "1"}, "TRADER_TEMPORAL_RETENTION_DAYS (env)"),
        ({"TRADER_SETTINGS": "nowhere.toml"}, "does not exist"),
    ],
)
def test_faults_are_reported(tmp_path: Path, variables: dict[str, str], words: str) -> None:
    """A wrong or unknown setting is refused, with its name and what was expected."""
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, **variables)
    assert words in str(caught.value)


def test_live_needs_whitelist_and_confirmation(tmp_path: Path) -> None:
    """Mode live needs the account on the whitelist and its number typed once more.

    Sandbox needs the whitelist.
    """
    account = {"TASTYTRADE_ACCOUNT": "5WT00001"}
    listed = {**account, "TASTYTRADE_ACCOUNT_WHITELIST": "5WT00009,5WT00001"}
    for wrong in (
        {**account, "TRADER_MODE": "sandbox"},
        {**account, "TRADER_MODE": "live", "TRADER_LIVE_CONFIRM": "5WT00001"},
        {**listed, "TRADER_MODE": "live"},
        {**listed, "TRADER_MODE": "live", "TRADER_LIVE_CONFIRM": "yes"},
    ):
        with pytest.raises(SettingsError):
            loaded(tmp_path, **wrong)
    assert loaded(tmp_path, **listed, TRADER_MODE="sandbox").settings.mode is Mode.SANDBOX
    assert (
        loaded(tmp_path, **listed, TRADER_MODE="live", TRADER_LIVE_CONFIRM="5WT00001").settings.mode
        is Mode.LIVE
    )


def test_modes_have_namespaces_of_their_own(tmp_path: Path) -> None:
    """DRY-30: no two modes can share a namespace, whatever it is called."""
    variables = {
        "TRADER_TEMPORAL_NAMESPACE": "trades-{mode}.acme",
        "TASTYTRADE_ACCOUNT_WHITELIST": "5WT31673",
        "TRADER_LIVE_CONFIRM": "5WT31673",
    }
    names = [loaded(tmp_path, **variables, TRADER_MODE=mode.value).settings.namespace for mode in Mode]
    assert len(set(names)) == len(Mode)


def test_demo_has_an_allowlist_of_its_own(tmp_path: Path) -> None:
    """Demo mode trades at once; every other mode trades nothing until ids are set."""
    assert loaded(tmp_path, TRADER_MODE="demo").settings.allowlist.authors == (DEMO_AUTHOR,)
    assert loaded(tmp_path, TRADER_MODE="demo", TRADER_AUTHORS="7").settings.allowlist.authors == ("7",)
    assert loaded(tmp_path).settings.allowlist.authors == ()


def test_secrets_never_show(tmp_path: Path) -> None:
    """DUR-50: no listing, dump, repr or error carries a secret."""
    secret = "hunter2-hunter2"
    variables = {
        "TASTYTRADE_CLIENT_SECRET": secret,
        "TASTYTRADE_REFRESH_TOKEN": secret,
        "TRADER_OPERATOR_WEBHOOK_URL": secret,
    }
    found = loaded(tmp_path, **variables)
    rows = {row.name: row.value for row in describe(found)}
    assert {rows[name] for name in variables} == {REDACTED}
    assert secret not in f"{found!r}{found.settings.model_dump(mode='json')}{rows}"
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, **variables, TRADER_MODE="wrong")
    assert secret not in str(caught.value)


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    """A folder as Docker, Kubernetes and secret stores write it; the environment still takes precedence."""
    folder = tmp_path / "secrets"
    (folder / "..data").mkdir(parents=True)
    for name, content in {
        "..data/TASTYTRADE_CLIENT_SECRET": "hunter2\n",
        "TASTYTRADE_REFRESH_TOKEN": "hunter3",
        "TRADER_API_KEYS": "",
        "ALERT_WEBHOOK_URL": "of another program",
    }.items():
        (folder / name).write_text(content)
    (folder / "TASTYTRADE_CLIENT_SECRET").symlink_to("..data/TASTYTRADE_CLIENT_SECRET")
    found = loaded(tmp_path, TRADER_SECRETS="secrets")
    assert found.settings.credentials == ("hunter2", "hunter3")
    assert found.sources["tastytrade_client_secret"] is Source.SECRETS
    assert found.settings.api_keys is None
    both = loaded(tmp_path, TRADER_SECRETS="secrets", TASTYTRADE_REFRESH_TOKEN="first")
    assert both.settings.credentials == ("hunter2", "first")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "TRADER_API_KEY",
            "TRADER_API_KEY in the folder of secrets is not a setting. Did you mean TRADER_API_KEYS?",
        ),
        (None, "TRADER_SECRETS names"),
    ],
)
def test_a_wrong_folder_of_secrets_is_reported(tmp_path: Path, name: str | None, words: str) -> None:
    """A misspelt file and a missing folder are errors, and no content is shown."""
    if name is not None:
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / name).write_text("hunter2")
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, TRADER_SECRETS="secrets")
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_child_process_has_the_same_settings(tmp_path: Path) -> None:
    """Settings written as an environment read back the same, secrets included."""
    settings = loaded(
        tmp_path,
        TRADER_MODE="demo",
        TRADER_LADDER_STEP="0.25",
        TRADER_AUTHORS="1,2",
        TASTYTRADE_CLIENT_SECRET="s",
        TRADER_DATA_DIR="x/y",
    ).settings
    assert load(environment=as_environment(settings), directory=tmp_path).settings == settings


def test_the_example_names_every_setting_with_its_default(tmp_path: Path) -> None:
    """`.env.example` lists each setting once, each with its default, and nothing else."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    assignments = [
        line.removeprefix("# ")
        for line in lines
        if line.removeprefix("# ").startswith(("TRADER_", "TASTYTRADE_"))
    ]
    assert [line.partition("=")[0] for line in assignments] == [
        variable(name) for name in Settings.model_fields
    ]
    (tmp_path / ".env").write_text("\n".join(assignments))
    assert load(environment={}, directory=tmp_path).settings == loaded(tmp_path / "empty").settings


def test_profiles_are_read_from_a_table_a_file_or_the_variable(tmp_path: Path) -> None:
    """The same profile in trader.toml, in a file of its own, and in the variable.

    A child process runs by it too.
    """
    table = 'approval = "ask"\nexits = "automatic"\ndefault_right = "call"\nfactors = { Lotto = 0.3 }\n'
    (tmp_path / "own.toml").write_text(f"[profiles.42]\n{table}")
    (tmp_path / "trader.toml").write_text(f"[profiles.42]\n{table}")
    from_table = loaded(tmp_path)
    from_file = load(environment={"TRADER_PROFILES": str(tmp_path / "own.toml")}, directory=tmp_path / "none")
    again = load(environment=as_environment(from_table.settings), directory=tmp_path / "none")
    profile = from_table.settings.author_profiles["42"]
    assert (profile.approval, profile.exits, profile.room.right, profile.factor("lotto")) == (
        "ask",
        "automatic",
        "C",
        Decimal("0.3"),
    )
    assert profile == from_file.settings.author_profiles["42"] == again.settings.author_profiles["42"]
    row = next(row for row in describe(from_table) if row.name == "profiles.42")
    assert row.value.startswith("approval=ask, exits=automatic")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('{"42": {"aproval": "ask"}}', "42.aproval"),
        ('{"42": {"approval": "maybe"}}', "42.approval"),
        ('{"42": {"factors": {"lotto": 2}}}', "expected a factor above 0 and at most 1"),
        ("nowhere.toml", "expected the path of a TOML or JSON file"),
    ],
)
def test_a_wrong_profile_is_reported_with_its_location(tmp_path: Path, written: str, words: str) -> None:
    """A profile that is misspelt must not look as if it held."""
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, TRADER_PROFILES=written)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRADER_REDIS_URL", "http://:c4nary@x"),
        ("TRADER_REDIS_URL", "redis://[::c4nary"),
        ("TRADER_REDIS_URL", "redis://:c4nary@h:99999/0"),
        ("TRADER_REDIS_URL", "redis://"),
        ("TRADER_ARCHIVE", "nosuch://bucket/x"),
        ("TRADER_ARCHIVE", "s3://"),
    ],
)
def test_an_invalid_mirror_address_is_reported_with_its_setting(
    tmp_path: Path, name: str, value: str
) -> None:
    """Every process would fall over it later, without a word of where it is set.

    A password in it is not repeated.
    """
    with pytest.raises(SettingsError, match=f"{name} .*expected ") as caught:
        loaded(tmp_path, **{name: value})
    assert "c4nary" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "rediss://name:pass@host:6380/1",
        "redis://host",
        "unix:///run/redis.sock",
        "redis://[::1]:6379",
    ],
)
def test_a_redis_address_is_valid(tmp_path: Path, url: str) -> None:
    """Every form that Redis's own library reads."""
    assert str(loaded(tmp_path, TRADER_REDIS_URL=url).settings.redis_url) == "**********"
