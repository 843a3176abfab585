"""Pairs of orders (OCO) and replacements at Tastytrade, behind `alert_trader.broker.oco`."""

import json
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote as in_path

import httpx2

from alert_trader.broker.oco import OcoNotAsSentError
from alert_trader.broker.port import MaySend, OutcomeUnknownError, RejectedError, always_send
from alert_trader.broker.tastytrade import answers
from alert_trader.broker.tastytrade.bodies import UnreadableBodyError, oco_json, order_json, order_report
from alert_trader.broker.tastytrade.client import TastytradeGateway, TastytradeReader
from alert_trader.broker.tastytrade.errors import checked, is_missing
from alert_trader.broker.tastytrade.oco_bodies import oco_report, priced_differences
from alert_trader.domain.ids import OrderId, PairId
from alert_trader.domain.orders.oco import OcoIntent, OcoMatch, OcoReport, match_oco, oco_differences
from alert_trader.domain.orders.order import FeeEstimate, OrderIntent, OrderReport

POSITION_EFFECT_CHANGED = "position_effect_changed"
"""The code of a `RejectedError` that is ours: the dry-run was accepted with other orders than were asked."""


class TastytradeOcoReader(TastytradeReader):
    """An `OcoReader`."""

    async def check_oco(self, intent: OcoIntent) -> FeeEstimate:
        """Read a pair's costs from the broker's dry-run."""
        async with self._bounded_read():
            answer = await self._session().send(
                "POST", f"{self._pairs_path}/dry-run", content=oco_json(intent)
            )
            data = checked(answer)
            if changed := priced_differences(intent, data.get("complex-order")):
                raise RejectedError(POSITION_EFFECT_CHANGED, "; ".join(changed), status=answer.status)
            return answers.fee_estimate(data)

    async def oco(self, pair_id: PairId) -> OcoReport | None:
        """Read one pair; None only when the broker states that it has no such pair."""
        async with self._bounded_read():
            answer = await self._session().send("GET", self._pair_path(pair_id))
            if is_missing(answer):
                return None
            if not answer.ok:
                raise UnreadableBodyError(f"expected a pair, found {answer}")
            report = oco_report(answer.data)
            if report.pair_id != pair_id:
                raise UnreadableBodyError(f"expected pair {pair_id}, found pair {report.pair_id}")
            return report

    async def todays_ocos(self) -> list[OcoReport]:
        """Read every pair placed today; the list has no pages."""
        async with self._bounded_read():
            answer = await self._session().send("GET", f"{self._pairs_path}/live")
            items = answer.items if answer.ok else None
            pagination = (answer.json or {}).get("pagination")
            total = pagination.get("total-items") if isinstance(pagination, dict) else None
            if items is None or total not in {None, len(items)}:
                raise UnreadableBodyError(f"expected a complete list of pairs, found {answer}")
            return [oco_report(item) for item in items]

    async def find_oco(self, intent: OcoIntent, *, intended_at: datetime, lost_at: datetime) -> OcoMatch:
        """Search for a pair in today's pairs and in the working orders; a pair named there is read."""
        pairs, orders = await self.todays_ocos(), await self.live_orders()
        listed = {pair.pair_id for pair in pairs}
        ours = {order.client_order_id for order in intent.orders}
        others = {order.pair_id for order in orders if order.client_order_id in ours and order.pair_id}
        for pair_id in sorted(others - listed):
            found = await self.oco(pair_id)
            pairs += [] if found is None else [found]
        return match_oco(pairs, orders, intent, intended_at=intended_at, lost_at=lost_at)

    @property
    def _pairs_path(self) -> str:
        return f"/accounts/{self._account}/complex-orders"

    def _pair_path(self, pair_id: PairId) -> str:
        return f"{self._pairs_path}/{in_path(pair_id, safe='')}"


class TastytradeOcoGateway(TastytradeOcoReader, TastytradeGateway):
    """An `OcoGateway`."""

    async def place_oco(self, intent: OcoIntent, may_send: MaySend = always_send) -> OcoReport:
        """Send a pair once."""
        data = await self._change("POST", self._pairs_path, oco_json(intent), may_send)
        # the schema and a published capture have the pair as `complex-order`, a report from production as
        # `order`
        body = data.get("complex-order", data.get("order"))
        try:
            report = oco_report(body)
        except UnreadableBodyError as error:
            raise OutcomeUnknownError(
                f"the pair may have been accepted, but the answer does not show it: {error}"
            ) from error
        if differences := oco_differences(intent, report):
            raise OcoNotAsSentError(report, differences)
        # the answer is to our request, whether or not it repeats our client order ids
        named = tuple(
            replace(each, client_order_id=intent.of(each).client_order_id) for each in report.orders
        )
        return replace(report, orders=named)

    async def cancel_oco(self, pair_id: PairId) -> None:
        """Request the cancellation of both sides once; the broker may answer it without a body."""
        answer = await self._request_cancel(self._pair_path(pair_id), "pair")
        if answer.json is None and answer.status != httpx2.codes.NO_CONTENT:
            raise OutcomeUnknownError(f"expected the pair that is being cancelled, found {answer}")

    async def replace(
        self, order_id: OrderId, intent: OrderIntent, may_send: MaySend = always_send
    ) -> OrderReport:
        """Replace an order once; the new one has the id of the answer."""
        terms = json.loads(order_json(intent))
        del terms["legs"]
        data = await self._change("PUT", self._order_path(order_id), json.dumps(terms), may_send)
        try:
            # production has the new order as `data` itself; an older page has it as `data.order`
            report = order_report(data.get("order", data))
        except UnreadableBodyError as error:
            raise OutcomeUnknownError(
                f"the order may have been replaced, but the answer does not show it: {error}"
            ) from error
        if report.order_id == order_id or report.replaces not in {None, order_id}:
            raise OutcomeUnknownError(
                f"expected an order that replaces {order_id}, found order {report.order_id} in the answer"
            )
        if report.side != intent.side or report.client_order_id not in {None, intent.client_order_id}:
            raise OutcomeUnknownError(
                f"expected {intent.side} as {intent.client_order_id}, found {report.side} as "
                f"{report.client_order_id} in order {report.order_id}"
            )
        return replace(report, client_order_id=intent.client_order_id, replaces=order_id)
