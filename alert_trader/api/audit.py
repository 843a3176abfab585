"""Show the audit trail, newest events first."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from alert_trader.api.dependencies import ApiContext, ReadKey, problem_responses
from alert_trader.control.queries import audit
from alert_trader.control.queries.audit import Source
from alert_trader.mirrors.schema import EventRow

router = APIRouter(prefix="/admin/audit", tags=["audit"])

MOST = 500
CURSOR = r"^[0-9]{1,15}-[0-9]{1,10}$"


class RecentEvents(BaseModel):
    """A page of the audit trail over all trades."""

    events: list[EventRow]
    cursor: str | None = Field(
        description="Send it as `cursor` to get the next older page; null on the last page."
    )
    source: Source
    note: str | None = Field(description="Why Redis did not answer; null when it did.")


@router.get(
    "/recent", operation_id="recentAudit", summary="List recent audit events", responses=problem_responses()
)
async def recent(
    _: ReadKey,
    context: ApiContext,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    cursor: Annotated[
        str | None,
        Query(pattern=CURSOR, description="The `cursor` of an earlier page: return the events before it."),
    ] = None,
) -> RecentEvents:
    """Return the most recent events, from Redis, or from Temporal when Redis does not answer."""
    page = await audit.recent(context.temporal.client, context.mirrors, limit=limit, before=cursor)
    return RecentEvents(events=page.events, cursor=page.cursor, source=page.source, note=page.note)
