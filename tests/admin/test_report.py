"""`trader report` on the real stack: what it says is what the trades did, with and without the archive."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from alert_trader import clock
from alert_trader.control.reports import report as reports
from alert_trader.domain.reports.figures import Grouping, Share
from alert_trader.domain.trade.lifecycle import Phase
from alert_trader.mirrors.reader import ArchiveReader
from alert_trader.runtime.mirrors import mirrors
from tests.admin.test_sealed import archived, commands
from tests.support.cluster import Cluster, WorkerSlot


async def test_a_report_has_the_figures_of_its_trades(slot: WorkerSlot, tmp_path: Path) -> None:
    """A trade that holds and one that was denied are in it, with their fills and codes.

    The picture and the page are written.
    """
    trade = await slot.alert(bid="1.20", ask="1.20")
    denied = await slot.alert(text="BTO SPY 12/18/2026 607 @ 2.00")
    view = await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    await denied.result()
    files = ("--png", str(tmp_path / "r.png"), "--html", str(tmp_path / "r.html"))
    said = await commands(slot, ("report", "--json", "--author", trade.message.author_id, *files))
    report = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert report["alerts"] >= 2
    assert report["outcomes"]["holding"] >= 1
    assert {"PARSE_NO_RIGHT"} <= {each["code"] for each in report["not_bought"]}
    assert report["steps"][0]["contracts"]["count"] >= view.bought
    assert report["open"]["contracts"] >= view.position
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    assert "PARSE_NO_RIGHT" in (tmp_path / "r.html").read_text()


async def test_open_positions_are_valued_at_their_quotes(slot: WorkerSlot, sealed: Cluster) -> None:
    """The worker reads the quotes.

    Open P&L is their middle against the average entry, over so many contracts.
    """
    trade = await slot.alert(bid="1.20", ask="1.20")
    view = await trade.until("held", phase=Phase.HOLDING, exits_working=2)
    await trade.quote("1.40", "1.60")
    what = reports.wanted(Grouping.DAY, now=(await trade.handle.describe()).start_time)
    found = await reports.gather(sealed.client, what)
    own = replace(found, trades=[each for each in found.trades if each.workflow_id == view.workflow_id])
    held = reports.make(own, what, now=clock.now()).open
    assert (held.contracts, held.marked, held.pnl) == (4, Share(count=4, of=4), Decimal("120.00"))


async def test_archive_and_temporal_give_the_same_report(slot: WorkerSlot, sealed: Cluster) -> None:
    """DUR-20: a closed trade has the same figures from archive and history, and is counted once."""
    denied = await slot.alert(text="BTO SPY 12/18/2026 607 @ 2.00")
    await denied.result()
    await archived(slot, denied)

    archive: ArchiveReader = mirrors(slot.settings).reader
    now = (await denied.handle.describe()).start_time
    what = reports.wanted(Grouping.DAY, now=now)
    alone, both = (
        await reports.gather(sealed.client, what),
        await reports.gather(sealed.client, what, archive=archive),
    )
    name = f"trade-{denied.id}"
    [first], [second] = (
        [each for each in found.trades if each.workflow_id == name] for found in (alone, both)
    )
    assert first == second
    assert len({each.workflow_id for each in both.trades}) == len(both.trades)
