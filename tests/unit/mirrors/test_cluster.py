"""A real Redis in cluster mode: refused in words, also where it would work by luck."""

import asyncio
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from alert_trader.mirrors.hot import HotMirror, MirrorAwayError
from alert_trader.runtime.local import redis_server
from alert_trader.runtime.local.process import free_ports
from tests.support.trail import record
from tests.support.waiting import eventually


async def test_a_cluster_is_refused(tmp_path: Path) -> None:
    """Neither `CLUSTERDOWN` nor `MOVED` is shown to people; nor is a node that holds every key accepted."""
    binary = await asyncio.to_thread(redis_server.find_binary, None)
    assert binary is not None
    # the cluster's own port is 10,000 above
    port = next(each for each in free_ports(20) if each < 55_000)
    server = subprocess.Popen(  # noqa: ASYNC220 - a server, as long as the test
        [binary, "--port", str(port), "--dir", str(tmp_path), "--cluster-enabled", "yes", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    mirror = HotMirror(f"redis://127.0.0.1:{port}/0", "demo", timeout=timedelta(seconds=5))
    try:
        await eventually(lambda: _says(mirror, "Redis cluster"), "an answer")
        whole = record("m1")
        with pytest.raises(MirrorAwayError, match="it is a Redis cluster") as refused:
            await mirror.write(whole.trade, whole.events)
        assert "CLUSTERDOWN" not in str(refused.value)
    finally:
        await mirror.aclose()
        server.kill()
        server.wait()


async def _says(mirror: HotMirror, words: str) -> bool:
    try:
        await mirror.ping()
    except MirrorAwayError as away:
        return words in str(away)
    return False
