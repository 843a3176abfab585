"""Where the source may do what `tests/unit/project/test_source.py` otherwise forbids, each with the reason.

A place is `file Class.function`.
"""

FLOATS = {
    "alert_trader/workflows/trade/handlers.py TradeHandlers._index": (
        "the P&L search attribute is a double in Temporal; nothing is computed from it"
    ),
    "alert_trader/broker/tastytrade/client.py": "seconds",
    "alert_trader/broker/tastytrade/limiter.py": "seconds",
    "alert_trader/broker/tastytrade/stream.py": "seconds",
    "alert_trader/broker/tastytrade/stream.py _run": "seconds",
    "alert_trader/workflows/timing.py": "seconds",
    "alert_trader/activities/sizing.py": "seconds",
    "alert_trader/broker/tastytrade/session.py": "seconds",
    "alert_trader/domain/account/clocks.py": "seconds",
    "alert_trader/domain/account/clocks.py ClockComparison.__init__": "seconds",
    "alert_trader/domain/account/clocks.py ClockComparison._widen": "seconds",
}
A_TOKEN_FURTHER = "walks the tokens of one message, each turn a token further"
UNTIL_SETTLED = (
    "ends when the venue has answered, or when the contract has stopped trading; "
    "each turn waits longer than the one before"
)
LOOPS = {
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._wait_for_settlement": (
        "ends with the broker's posting, or before the next open"
    ),
    "alert_trader/workflows/trade/workflow.py TradeWorkflow.run": (
        "ends with the steps; each turn is a cancellation from outside"
    ),
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._steps": (
        "ends with the table, which has a way to its end from every phase"
    ),
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._or_failure": (
        "ends with the step, or with the run; each turn is a moment at which the run was about to end"
    ),
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._hold": (
        "one turn a day until the contract expires"
    ),
    "alert_trader/workflows/trade/order_manager.py OrderManager._submit_until_started": UNTIL_SETTLED,
    "alert_trader/workflows/trade/order_manager.py OrderManager._read_until_complete": UNTIL_SETTLED,
    "alert_trader/workflows/trade/lost_orders.py LostOrders._is_absent": UNTIL_SETTLED,
    "alert_trader/workflows/trade/protective_sales.py ProtectiveSales.find_price": UNTIL_SETTLED,
    "alert_trader/workflows/trade/protective_sales.py ProtectiveSales.work": UNTIL_SETTLED,
    "alert_trader/workflows/trade/lost_orders.py LostOrders._until_day_ends": UNTIL_SETTLED,
    "alert_trader/workflows/trade/cancels.py Cancels._until_ended": UNTIL_SETTLED,
    "alert_trader/workflows/trade/session_wait.py SessionWait.until_open": (
        "one turn for each opening, or request of a person"
    ),
    "alert_trader/workflows/trade/session_wait.py SessionWait._session": UNTIL_SETTLED,
    "alert_trader/workflows/account/halts.py Halts._flatten": (
        "ends when the account is flat, or with the run, which is a day long at most"
    ),
    "alert_trader/workflows/trade/notifier.py Notifier.run": (
        "ends with the trade; each turn waits for a new event"
    ),
    "alert_trader/workflows/trade/card_publisher.py CardPublisher.run": (
        "ends with the trade; each turn waits for a new event"
    ),
    "alert_trader/workflows/trade/entry.py Entry.run": (
        "ends with the ladder's window, which every turn is nearer to"
    ),
    "alert_trader/workflows/account/notifier.py AccountNotifier.run": (
        "ends with the run; each turn waits for a new event"
    ),
    "alert_trader/workflows/trade/account_reporter.py AccountReporter.run": (
        "ends with the trade; each turn waits for a new exposure"
    ),
    "alert_trader/activities/reconciliation.py Reconciliation.run": (
        "cancelled with the activity it looks for"
    ),
    "alert_trader/activities/clock_watch.py ClockWatch.compare": "cancelled with the activity it runs beside",
    "alert_trader/activities/clock_watch.py ClockWatch.run": "cancelled with the worker",
    "alert_trader/activities/deadline.py confirm_awaited": "ends with the attempt's time",
    "alert_trader/domain/account/account.py Account.release": "drops what is over the limit",
    "alert_trader/activities/stream.py StreamActivity._remember": "drops what is over the limit",
    "alert_trader/activities/held_reports.py HeldReports.run": "cancelled with the activity it sends for",
    "alert_trader/activities/account_client.py _Batches._send_all": "a batch a turn; ends with the questions",
    "alert_trader/activities/receipts.py _published": "a run a turn; ends with the workflow",
    "alert_trader/activities/receipts.py _events": "ends with the run; read again where a page is rejected",
    "alert_trader/workflows/receipts.py Receipts.run": "cancelled with the run",
    "alert_trader/activities/stuck_workflows.py _open_trades": "one turn for each page of a list that ends",
    "alert_trader/activities/trade_watch.py TradeWatch.watch_trades": "ends when the worker shuts down",
    "alert_trader/activities/trade_watch.py TradeWatch._beat": "cancelled with the activity it beats for",
    "alert_trader/activities/price_watch.py PriceWatch._watch": "ends with the session, or the worker",
    "alert_trader/activities/price_watch.py _Feed.beat": "cancelled with the activity it beats for",
    "alert_trader/workflows/trade/price_watch.py PriceWatch.run": "ends with the exits; each turn waits",
    "alert_trader/workflows/trade/timed_sale.py TimedSale.run": "ends with the exits; each turn waits",
    "alert_trader/activities/stream.py StreamActivity._route": "drops what is over the limit",
    "alert_trader/activities/stream.py StreamActivity._check": "cancelled with the activity it looks for",
    "alert_trader/activities/stream.py _heartbeats.beat": "cancelled with the activity it beats for",
    "alert_trader/domain/market/calendar.py next_trading_day": "a week has a trading day",
    "alert_trader/domain/market/calendar.py previous_trading_day": "a week has a trading day",
    "alert_trader/domain/market/trading_hours.py TradingHours.next_trading_day": (
        "announced closures are a list, and behind it a week has a trading day"
    ),
    "alert_trader/domain/market/trading_hours.py TradingHours.previous_trading_day": (
        "announced closures are a list, and before it a week has a trading day"
    ),
    "alert_trader/domain/alerts/parsing/checks/actions.py check_action_first": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/fields/walk.py Walk.following": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/find.py _addition": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/find.py _near_strike": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/sentences.py behind_fillers": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/positions.py tickers_listed": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/positions.py position_at": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/positions.py behind_amount": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/positions.py _behind_front_amount": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/closing.py _names_option": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/closing.py _names_loss": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/closing.py _takes_off": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates/closing.py _closes_position": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/outline.py _opening_from": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/outline.py is_heading": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/vocabulary/portions.py _some": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/outline.py _lines": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/fields/collect.py _in_another_line": A_TOKEN_FURTHER,
}
WAITS = {
    "alert_trader/workflows/receipts.py Receipts.run": "cancelled with the run",
    "alert_trader/workflows/waiting.py let_others_run": "waits for nothing: a turn of the event loop",
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._steps": (
        "handlers are bounded by the wait for commands"
    ),
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._or_failure": (
        "ends with the step, which is bounded, or with a fault beside it"
    ),
    "alert_trader/workflows/trade/exits.py Exits._end_pricing_when_sent": (
        "ends with the submission, which has an end of its own"
    ),
    "alert_trader/workflows/trade/commands.py TradeCommands._offer_once_held": (
        "ends with the entry, or with the trade"
    ),
    "alert_trader/workflows/trade/notifier.py Notifier.run": "ends with the trade",
    "alert_trader/workflows/trade/card_publisher.py CardPublisher.run": "ends with the trade",
    "alert_trader/workflows/trade/exits.py Exits.run": "ends with the trade, which stops it",
    "alert_trader/workflows/trade/price_watch.py PriceWatch._until_changed": "ends with the exits",
    "alert_trader/workflows/trade/price_watch.py PriceWatch._watch": (
        "ends with the activity, which is cancelled with the exits"
    ),
    "alert_trader/workflows/trade/partial_exits.py PartialExits.run": (
        "ends with the trade, which stops its exits"
    ),
    "alert_trader/workflows/account/workflow.py AccountWorkflow.run": (
        "handlers are bounded by their own waits and by their activities"
    ),
    "alert_trader/workflows/account/notifier.py AccountNotifier.run": (
        "ends with the run, which is a day long at most"
    ),
    "alert_trader/workflows/trade/account_reporter.py AccountReporter.run": (
        "ends with the trade, which is over then"
    ),
    "alert_trader/workflows/waiting.py wait": "its callers are in this list",
}
SELLS = {
    "alert_trader/domain/orders/order.py Side": "the word itself",
    "alert_trader/workflows/trade/order_manager.py OrderManager._intent": (
        "means an exit; whoever sends it goes through the adapter's `order_json`"
    ),
    "alert_trader/activities/order_reads.py position_of": "counts other closes",
    "alert_trader/broker/tastytrade/bodies.py _sdk_order": (
        "the one place that writes an order, strict for every sell"
    ),
    "alert_trader/worker/certify/check.py": (
        "the certification writes its own orders, for the broker's sandboxes alone; its last ones are strict"
    ),
}
NAMES = {
    "alert_trader/domain/ids.py client_order_id": "the pure function of the message id",
    "alert_trader/broker/tastytrade/bodies.py client_order_id_of": (
        "takes an echo only when it reads back as one of ours"
    ),
}
SENDING = {
    "alert_trader/broker/tastytrade/client.py TastytradeReader.check": (
        "the broker's dry-run, with `order_json`"
    ),
    "alert_trader/broker/tastytrade/client.py TastytradeGateway.place": (
        "the one sending, of what `order_json` wrote"
    ),
    "alert_trader/broker/tastytrade/client.py TastytradeGateway._request_cancel": (
        "the one cancel, of an order or a pair"
    ),
    "alert_trader/broker/tastytrade/oco.py TastytradeOcoReader.check_oco": (
        "the broker's dry-run of a pair, with `oco_json`"
    ),
    "alert_trader/broker/tastytrade/oco.py TastytradeOcoGateway.place_oco": (
        "the one sending of a pair, of what `oco_json` wrote"
    ),
    "alert_trader/broker/tastytrade/oco.py TastytradeOcoGateway.replace": (
        "the one replacement, of what `order_json` wrote"
    ),
}
