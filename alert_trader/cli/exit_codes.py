"""The exit codes of `trader`: stable, so that scripts may rely on them."""

from enum import IntEnum


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    """What was asked was done. A trade that was followed holds, is flat, expired, or was a dry run."""
    UNEXPECTED = 1
    """A fault in the product, or (demo, doctor) a result that is not as it should be."""
    USAGE = 2
    """The command line or the settings are wrong."""
    NOT_FOUND = 3
    """There is no such trade or file."""
    REFUSED = 4
    """We or the venue said no: a denied alert, or a command that makes no sense for the trade now."""
    UNREACHABLE = 5
    """Temporal, the venue or a program it needs cannot be reached."""
    NONDETERMINISM = 6
    """A history does not replay on the installed code."""
    TIMEOUT = 7
    """No answer in time; what was asked may still happen."""
    UNFILLED = 8
    """A trade that was followed ended with nothing bought."""
    INTERRUPTED = 130
    """Ctrl-C."""
