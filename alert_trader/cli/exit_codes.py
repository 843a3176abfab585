"""The exit codes of `trader`, which scripts may rely on."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    """Done. With `send --wait`: the trade is holding, flat, expired, or was a dry run."""
    UNEXPECTED = 1
    """An internal error, or a failed check of `demo`, `doctor` or `audit verify`."""
    USAGE = 2
    """The command line or the settings are wrong."""
    NOT_FOUND = 3
    """There is no such trade or file."""
    REFUSED = 4
    """A denied or rejected alert, or a command that is not possible for the trade now."""
    UNREACHABLE = 5
    """Temporal, the broker or a required program cannot be reached."""
    NONDETERMINISM = 6
    """A history does not replay on the installed code."""
    TIMEOUT = 7
    """No answer in time; the command may still be carried out."""
    UNFILLED = 8
    """With `send --wait`: the trade ended with nothing bought."""
    INTERRUPTED = 130
    """Ctrl-C."""
