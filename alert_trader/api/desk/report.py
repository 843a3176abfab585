"""The report on the desk page: figures, charts and the calendar of a month."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from alert_trader import clock
from alert_trader.api.dependencies import ApiContext, TemporalClient
from alert_trader.api.desk import chart, shown
from alert_trader.api.desk.session import Reader
from alert_trader.api.pages import page, templates
from alert_trader.control.reports import report as reports
from alert_trader.control.reports import wording
from alert_trader.domain.reports.figures import Grouping
from alert_trader.domain.reports.month import weeks
from alert_trader.mirrors.archive import Place
from alert_trader.mirrors.reader import ArchiveReader

router = APIRouter(include_in_schema=False)
templates().filters.update(share=wording.share, gain=shown.gain, sign=shown.sign)


@router.get("/desk/report")
async def report_page(
    session: Reader,
    client: TemporalClient,
    context: ApiContext,
    by: Annotated[Grouping, Query()] = Grouping.MONTH,
    on: Annotated[date | None, Query()] = None,
) -> HTMLResponse:
    """Show the results of a day, a week, a month, or by author or channel."""
    settings, now = context.settings, clock.now()
    what = reports.wanted(by, now=now, on=on)
    archive = ArchiveReader(Place.at(settings.archive_place), settings.mode.value)
    made = reports.make(await reports.gather(client, what, archive=archive), what, now=now)
    return page(
        "report.html.jinja",
        session=session,
        report=made,
        by=by,
        groupings=list(Grouping),
        earlier=what.since - timedelta(days=1),
        later=what.until + timedelta(days=1),
        head=wording.HEADS[by],
        figures=list(wording.figures(made)),
        notes=wording.notes(made),
        weeks=weeks(made) if by is Grouping.MONTH else (),
        bars=chart.bars(made.lines),
        curve=chart.curve(made.curve),
        width=chart.WIDTH,
        height=chart.HEIGHT,
    )
