"""The answers of the broker's REST calls about pairs of orders."""

from alert_trader.simulators.venue.bodies import Body
from alert_trader.simulators.venue.chains import today
from alert_trader.simulators.venue.complex_bodies import complex_body, pair_body
from alert_trader.simulators.venue.endpoints import Answer, Call, envelope, page
from alert_trader.simulators.venue.exchange import Exchange
from alert_trader.simulators.venue.holidays import NEW_YORK
from alert_trader.simulators.venue.oco import OcoRequest
from alert_trader.simulators.venue.preflight import read
from alert_trader.simulators.venue.refusal import not_found

_NO_CONTENT = 204


class ComplexEndpoints:
    """Every call about pairs, over one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        """Keep what answers come from."""
        self._exchange = exchange

    def dry_run(self, call: Call) -> Answer:
        """Answer what a pair would cost."""
        sides = self._exchange.price_pair(call.names["account"], read(OcoRequest, call.body))
        return envelope(call, pair_body(self._exchange, sides, dry_run=True), status=201)

    def place(self, call: Call) -> Answer:
        """Accept a pair."""
        sides = self._exchange.submit_pair(call.names["account"], read(OcoRequest, call.body))
        body = pair_body(self._exchange, sides, dry_run=False)
        return envelope(call, body, status=201, accepted=True, order=sides[0].order)

    def pair(self, call: Call) -> Answer:
        """Answer one pair."""
        account, complex_id = self._found(call)
        return envelope(call, complex_body(self._exchange, account, complex_id))

    def cancel(self, call: Call) -> Answer:
        """Ask for the cancellation of both sides; a pair that has ended is answered as it is."""
        account, complex_id = self._found(call)
        sides = self._exchange.oco.cancel(account, complex_id)
        if self._exchange.config.oco.empty_cancel_answer:
            return Answer(status=_NO_CONTENT, raw=b"", accepted=True, order=sides[0])
        body = complex_body(self._exchange, account, complex_id)
        return envelope(call, body, accepted=True, order=sides[0])

    def live(self, call: Call) -> Answer:
        """Answer the pairs placed today, whatever their status; the list has no pages."""
        day = today(self._exchange)
        account = self._exchange.account(call.names["account"]).number
        found = [
            each
            for each in self._visible(account)
            if self._exchange.oco.all_of(account, each)[0].received_at.astimezone(NEW_YORK).date() == day
        ]
        return envelope(call, {"items": [complex_body(self._exchange, account, each) for each in found]})

    def history(self, call: Call) -> Answer:
        """Answer every pair, newest first."""
        account = self._exchange.account(call.names["account"]).number

        def write(complex_id: int) -> Body:
            return complex_body(self._exchange, account, complex_id)

        return page(call, self._visible(account), write, default=10)

    def _visible(self, account: str) -> list[int]:
        pairs = self._exchange.oco
        return [each for each in pairs.ids() if self._shown(account, each)]

    def _shown(self, account: str, complex_id: int) -> bool:
        first = self._exchange.oco.sides(complex_id)[0]
        return first.account == account and self._exchange.visible(first)

    def _found(self, call: Call) -> tuple[str, int]:
        account, name = self._exchange.account(call.names["account"]).number, call.names["complex"]
        if not name.isdecimal() or not self._exchange.oco.all_of(account, int(name)):
            raise not_found("ComplexOrder")
        if not self._shown(account, int(name)):
            raise not_found("ComplexOrder")
        return account, int(name)
