"""What a person's command must satisfy before the account accepts it.

Each check raises CommandRefusedError.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from alert_trader.activities.messages import CommandRefusedError
    from alert_trader.domain.account.account import Account
    from alert_trader.domain.account.limits import changed
    from alert_trader.domain.account.trading_state import AccountState
    from alert_trader.workflows.interface import Command, Explanation, LimitsCommand


def check_resume(account: Account, command: Command) -> None:
    """Check that the account is halted, and that the command says who resumes and why."""
    if account.state is not AccountState.HALTED:
        flattening = account.state is AccountState.REDUCING
        more = ": it is being flattened, and halted when it is flat" if flattening else ""
        raise CommandRefusedError(f"expected a halted account, found it {account.state}{more}")
    if not command.by.strip() or not command.reason.strip():
        raise CommandRefusedError("expected who resumes and what has changed since the halt, found it empty")


def check_limits(account: Account, command: LimitsCommand) -> None:
    """Check that the changes are valid limits, and that a reason is given."""
    if not command.command.reason.strip():
        raise CommandRefusedError("expected the reason for the change, found it empty")
    try:
        changed(account.limits, command.changes)
    except ValueError as wrong:
        raise CommandRefusedError(str(wrong)) from wrong


def check_explanation(account: Account, command: Explanation) -> None:
    """Check that there is such a difference without an explanation, and that one is given."""
    if not command.command.reason.strip():
        raise CommandRefusedError("expected what explains the difference, found it empty")
    if not any(
        each.explained_by is None and command.what in {None, each.what} for each in account.differences
    ):
        about = "" if command.what is None else f" about {command.what}"
        raise CommandRefusedError(f"expected a difference{about} that nobody has explained, found none")


def check_repost(account: Account, command: Explanation) -> None:
    """Check that the trade was denied as a re-post."""
    if all(each.trade != command.what for each in account.denied_reposts):
        raise CommandRefusedError(
            f"expected a trade that was denied as a re-post, found that {command.what} is none",
        )
