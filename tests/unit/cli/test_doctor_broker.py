"""`trader doctor` says one cause once."""

from alert_trader.cli.doctor import broker_findings
from alert_trader.domain.account.preflight import Check


def test_checks_that_failed_for_one_cause_share_a_finding() -> None:
    """A broker that cannot be reached is one finding, whichever requests failed."""
    fix = "check the address"
    checks = [
        Check(name=name, ok=False, found=f"no connection for GET /{name}: refused", fix=fix)
        for name in ("token", "scopes", "balances")
    ]
    [found] = broker_findings(checks)
    assert found.name == "broker (3 checks)"
    assert found.found == "no connection for GET /token: refused (token, scopes, balances)"
    assert found.fix == fix


def test_different_causes_and_passed_checks_stay_apart() -> None:
    """Each passed check, and each cause, has a line of its own, in the order of the checks."""
    checks = [
        Check(name="token", ok=True, found="accepted"),
        Check(name="account", ok=False, found="frozen", fix="ask the broker"),
        Check(name="balances", ok=False, found="0 dollars", fix="deposit money"),
        Check(name="session", ok=True, found="accepted"),
    ]
    assert [each.name for each in broker_findings(checks)] == [
        "broker token",
        "broker account",
        "broker balances",
        "broker session",
    ]
