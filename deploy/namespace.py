# ruff: noqa: INP001 - a script of one deployment, not a package
"""Make the namespace of the mode in force fit for trades, once, before workers start.

It exists then, keeps closed trades as long as the settings say (30 days at least: so long is a message's
second trade refused), and knows the search attributes. Workers do the same when they start; this job shows a
fault before there is one to look for in their logs.
"""

import asyncio
import logging
import os
import sys
from datetime import timedelta

from alert_trader.control.errors import ControlError
from alert_trader.control.temporal import connect
from alert_trader.runtime.namespace import NamespaceError, prepare
from alert_trader.runtime.target import target_of
from alert_trader.settings.load import SettingsError, load
from alert_trader.settings.model import Settings

log = logging.getLogger("alert-trader.namespace")

UNUSABLE = 5
"""Exit code when something it needs cannot be reached or is not set: the same as the worker's."""

HEALTHY_WITHIN = timedelta(seconds=60)
"""A server whose port is open may not be healthy yet."""


async def fit(settings: Settings) -> None:
    """Prepare the namespace of `settings`; raises what says why it could not be."""
    # a worker without credentials would be started again for ever: this job ends, and says what is missing
    _ = settings.credentials
    client = await connect(target_of(settings), within=HEALTHY_WITHIN)
    await prepare(client, retention=timedelta(days=settings.temporal_retention_days))
    log.info(
        "namespace %s is ready; closed trades are kept %d days",
        settings.namespace,
        settings.temporal_retention_days,
    )


def main() -> int:
    """Run, and give the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    try:
        asyncio.run(fit(load().settings))
    except (SettingsError, ControlError, NamespaceError, ValueError) as unusable:
        log.error("%s", unusable)  # noqa: TRY400 - the message says it all
        return UNUSABLE
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # the SDK's core can abort a process that ends the ordinary way (temporalio/sdk-python#300)
    os._exit(code)
