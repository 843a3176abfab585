"""What the source must not say, found by reading it.

No float near money, no clock in a workflow, no order past the adapter, no loop without an end.

Each ban lists its exceptions by function, with the reason; one that is no longer needed fails too.
"""

import ast
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from alert_trader.workflows import activity_options
from alert_trader.workflows.activity_options import ActivityOptions

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "alert_trader"
DECIDING = ("domain", "workflows")
"""What runs inside a workflow: it must give the same answer at every replay."""
MONEY = ("domain", "activities", "workflows", "broker")

REPEATABLE = {
    "domain": {"alert_trader.domain", "bisect", "collections", "dataclasses", "datetime", "decimal", "enum"}
    | {
        "functools",
        "hashlib",
        "itertools",
        "json",
        "operator",
        "re",
        "statistics",
        "types",
        "typing",
        "zoneinfo",
    },
    "workflows": {
        "alert_trader.activities",
        "alert_trader.broker",
        "alert_trader.domain",
        "alert_trader.workflows",
    }
    | {
        "asyncio",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "temporalio",
        "typing",
    },
}
"""All that these rooms may import: nothing among it gives another answer at a replay, beside the calls banned
below."""
BANNED_CALLS = frozenset(
    {
        "asyncio.sleep",
        "asyncio.wait",
        "asyncio.as_completed",
        "asyncio.to_thread",
        "asyncio.run",
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "datetime.datetime.now",
        "datetime.date.today",
        "open",
        "input",
        "print",
        "id",
        "hash",
        "exec",
        "eval",
        "__import__",
        "workflow.uuid4",
        "workflow.random",
    }
)
KEEPS_ORDER = frozenset({"list", "tuple", "iter", "enumerate", "next", "zip", "map", "filter"})
"""Calls that would make the chance order of a set visible."""

FLOATS = {
    "alert_trader/workflows/trade/handlers.py TradeHandlers._index": "the P&L search attribute is a double in Temporal; nothing is computed from it",
    "alert_trader/broker/tastytrade/client.py": "seconds",
    "alert_trader/broker/tastytrade/stream.py": "seconds",
    "alert_trader/broker/tastytrade/stream.py _run": "seconds",
    "alert_trader/workflows/timing.py": "seconds",
    "alert_trader/activities/sizing.py": "seconds",
}
A_TOKEN_FURTHER = "walks the tokens of one message, each turn a token further"
UNTIL_SETTLED = "ends when the venue has answered, or when the contract has stopped trading; each turn waits longer than the one before"
LOOPS = {
    "alert_trader/workflows/trade/workflow.py TradeWorkflow.run": "ends with the steps; each turn is a cancellation from outside",
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._steps": "ends with the table, which has a way to its end from every phase",
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._hold": "one turn a day until the contract expires",
    "alert_trader/workflows/trade/order_manager.py OrderManager._submit_until_started": UNTIL_SETTLED,
    "alert_trader/workflows/trade/order_manager.py OrderManager._read_until_complete": UNTIL_SETTLED,
    "alert_trader/workflows/trade/lost_orders.py LostOrders._is_absent": UNTIL_SETTLED,
    "alert_trader/workflows/trade/lost_orders.py LostOrders._until_day_ends": UNTIL_SETTLED,
    "alert_trader/workflows/trade/cancels.py Cancels._until_ended": UNTIL_SETTLED,
    "alert_trader/workflows/trade/exits.py Exits.wait_for_end": UNTIL_SETTLED,
    "alert_trader/workflows/account/halts.py Halts._flatten": "ends when the account is flat, or with the run, which is a day long at most",
    "alert_trader/workflows/trade/notifier.py Notifier.run": "ends with the trade; each turn waits for a new event",
    "alert_trader/workflows/trade/card_publisher.py CardPublisher.run": "ends with the trade; each turn waits for a new event",
    "alert_trader/workflows/trade/entry.py Entry.run": "ends with the ladder's window, which every turn is nearer to",
    "alert_trader/workflows/account/notifier.py AccountNotifier.run": "ends with the run; each turn waits for a new event",
    "alert_trader/workflows/trade/account_reporter.py AccountReporter.run": "ends with the trade; each turn waits for a new exposure",
    "alert_trader/activities/reconciliation.py Reconciliation.run": "cancelled with the activity it looks for",
    "alert_trader/domain/account/account.py Account.release": "drops what is over the limit",
    "alert_trader/activities/stream.py StreamActivity._remember": "drops what is over the limit",
    "alert_trader/activities/stream.py StreamActivity._route": "drops what is over the limit",
    "alert_trader/activities/stream.py StreamActivity._check": "cancelled with the activity it looks for",
    "alert_trader/activities/stream.py _heartbeats.beat": "cancelled with the activity it beats for",
    "alert_trader/domain/market/calendar.py next_trading_day": "a week has a trading day",
    "alert_trader/domain/market/calendar.py previous_trading_day": "a week has a trading day",
    "alert_trader/domain/market/trading_hours.py TradingHours.next_trading_day": "announced closures are a list, and behind it a week has a trading day",
    "alert_trader/domain/market/trading_hours.py TradingHours.previous_trading_day": "announced closures are a list, and before it a week has a trading day",
    "alert_trader/domain/alerts/parsing/checks/actions.py check_action_first": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/fields/walk.py Walk.following": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates.py _addition": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates.py _behind_fillers": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates.py _takes_off": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/candidates.py _closes_position": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/outline.py _lines": A_TOKEN_FURTHER,
    "alert_trader/domain/alerts/parsing/fields/collect.py _in_another_line": A_TOKEN_FURTHER,
}
WAITS = {
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._steps": "handlers are bounded by the wait for commands",
    "alert_trader/workflows/trade/workflow.py TradeWorkflow._or_failure": "ends with the step, which is bounded, or with a fault beside it",
    "alert_trader/workflows/trade/commands.py TradeCommands._offer_exit_once_held": "ends with the entry, or with the trade",
    "alert_trader/workflows/trade/notifier.py Notifier.run": "ends with the trade",
    "alert_trader/workflows/trade/card_publisher.py CardPublisher.run": "ends with the trade",
    "alert_trader/workflows/trade/exits.py Exits.run": "ends with the trade, which stops it",
    "alert_trader/workflows/trade/partial_exits.py PartialExits.run": "ends with the trade, which stops its exits",
    "alert_trader/workflows/account/workflow.py AccountWorkflow.run": "handlers are bounded by their own waits and by their activities",
    "alert_trader/workflows/account/notifier.py AccountNotifier.run": "ends with the run, which is a day long at most",
    "alert_trader/workflows/trade/account_reporter.py AccountReporter.run": "ends with the trade, which is over then",
    "alert_trader/workflows/waiting.py wait": "its callers are in this list",
}
SELLS = {
    "alert_trader/domain/orders/order.py Side": "the word itself",
    "alert_trader/workflows/trade/order_manager.py OrderManager._intent": "means an exit; whoever sends it goes through the adapter's `order_json`",
    "alert_trader/activities/orders.py _position": "counts other closes",
    "alert_trader/broker/tastytrade/bodies.py order_json": "the one place that writes an order, strict for every sell",
}
NAMES = {
    "alert_trader/domain/ids.py client_order_id": "the pure function of the message id",
    "alert_trader/broker/tastytrade/bodies.py client_order_id_of": "takes an echo only when it reads back as one of ours",
}
SENDING = {
    "alert_trader/broker/tastytrade/client.py TastytradeReader.check": "the broker's dry-run, with `order_json`",
    "alert_trader/broker/tastytrade/client.py TastytradeGateway.place": "the one sending, of what `order_json` wrote",
    "alert_trader/broker/tastytrade/client.py TastytradeGateway.cancel": "a cancel",
}


@dataclass(frozen=True)
class Found:
    """A place in the source: the file and function it is in, and its text."""

    where: str
    text: str


def folder(room: str) -> Path:
    """Find a package of ours, or a folder beside them."""
    return PACKAGE / room if (PACKAGE / room).exists() else ROOT / room


@functools.cache
def nodes(room: str) -> Sequence[tuple[str, ast.AST]]:
    """Return every node of a room's source with the place it is in, as `file Class.function`. Each file is parsed once."""
    return [
        found
        for path in sorted(folder(room).rglob("*.py"))
        for found in within(
            ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT).as_posix(), ""
        )
    ]


def within(node: ast.AST, file: str, scope: str) -> Iterator[tuple[str, ast.AST]]:
    """Return the nodes below a node, each with its place."""
    for child in ast.iter_child_nodes(node):
        named = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else ""
        inner = f"{scope}.{named}".strip(".")
        yield f"{file} {inner}".rstrip(), child
        yield from within(child, file, inner)


def found(rooms: tuple[str, ...], wanted: Callable[[ast.AST], bool]) -> list[Found]:
    """Return the places of the nodes that are wanted."""
    return [Found(where, ast.unparse(node)) for room in rooms for where, node in nodes(room) if wanted(node)]


def only(places: list[Found], allowed: dict[str, str]) -> None:
    """Check that places are exactly the allowed ones."""
    new = [f"{place.where}: {place.text[:100]}" for place in places if place.where not in allowed]
    assert not new, "expected none of these, or a reason for each in this file:\n" + "\n".join(new)
    gone = allowed.keys() - {place.where for place in places}
    assert not gone, f"expected every exception to be needed still, found these gone: {sorted(gone)}"


def called(node: ast.AST) -> str:
    """Name what a node calls; empty when it is no call."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def test_no_float_is_near_money() -> None:
    """RSK-10: amounts are decimals; a float stands for seconds, and for the one display value that Temporal has no other type for."""
    only(
        found(
            MONEY,
            lambda node: (
                called(node) == "float" or (isinstance(node, ast.Constant) and isinstance(node.value, float))
            ),
        ),
        FLOATS,
    )


@pytest.mark.parametrize("room", DECIDING)
def test_workflow_code_imports_nothing_nondeterministic(room: str) -> None:
    """UNK-40: no clock, chance, environment or I/O is even imported by a workflow or by the domain under it."""

    def roots(node: ast.AST) -> set[str]:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        return {
            ".".join(name.split(".")[:2]) if name.startswith("alert_trader.") else name.partition(".")[0]
            for name in names
        }

    only(found((room,), lambda node: bool(roots(node) - REPEATABLE[room])), {})


def test_workflow_code_uses_no_clock_and_no_random_numbers() -> None:
    """UNK-40: neither by its usual name nor through a method of a type that is allowed."""
    only(found(DECIDING, lambda node: called(node) in BANNED_CALLS), {})


WALL_CLOCKS = frozenset(
    {
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "date.today",
        "time.time",
        "time.time_ns",
        "time.localtime",
        "time.gmtime",
    }
)
CLOCKS = {
    "alert_trader/clock.py _system": "the one clock",
    "alert_trader/mirrors/archive.py Archive._clear_incoming": "the ages of files are told by the clock that stamped them",
    "alert_trader/api/keys.py Keys._count": "the rate limiter counts by its own clock, and tells by it when to try again",
}


def test_the_time_of_day_is_read_from_one_clock() -> None:
    """A test moves all of the product's time at once: nothing reads the machine's clock beside `clock`."""

    def reads(node: ast.AST) -> bool:
        return bool({called(node), called(node).removeprefix("datetime.")} & WALL_CLOCKS)

    only(found(("alert_trader", "bench", "chaos"), reads), CLOCKS)


def test_tests_read_the_time_from_the_same_clock() -> None:
    """A test that read the machine's clock would be another test on each day; only what moves the clock must know both."""
    allowed = {
        "tests/support/virtual_time.py _Starts.start_workflow": "how far the test's clock is ahead of the server's",
        "tests/support/instants.py named": "the present, for what is looked up by when the server started it",
    }
    only(found(("tests",), lambda node: called(node) in WALL_CLOCKS), allowed)


def test_a_fast_forward_that_stops_short_fails() -> None:
    """The server answers False and goes on where it stopped: only `forward` may ask, which checks the answer."""
    allowed = {"tests/support/virtual_time.py forward": "checks the answer"}
    only(found(("tests", "bench", "chaos"), lambda node: called(node).endswith(".fast_forward")), allowed)


def is_set(node: ast.AST, known: set[str]) -> bool:
    """Return whether an expression is seen to be a set."""
    return (
        isinstance(node, ast.Set | ast.SetComp)
        or called(node) in {"set", "frozenset"}
        or ast.unparse(node) in known
    )


def sets_walked(tree: ast.Module) -> list[str]:
    """Return every place where the order of a set would show: a loop or a comprehension that lists, or a call that keeps order."""
    known = {
        ast.unparse(target)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and node.value is not None
        and is_set(node.value, set())
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    wrong = [
        node.iter
        for node in ast.walk(tree)
        if isinstance(node, ast.For | ast.AsyncFor) and is_set(node.iter, known)
    ]
    lists = [node for node in ast.walk(tree) if isinstance(node, ast.ListComp | ast.DictComp)]
    wrong += [step.iter for each in lists for step in each.generators if is_set(step.iter, known)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (called(node) in KEEPS_ORDER or called(node).endswith(".join")):
            wrong += [each for each in node.args if is_set(each, known)]
    return [f"line {each.lineno}: {ast.unparse(each)}" for each in wrong]


@pytest.mark.parametrize(
    "path",
    [path for room in DECIDING for path in sorted(folder(room).rglob("*.py"))],
    ids=lambda path: path.name,
)
def test_workflow_code_iterates_over_no_set(path: Path) -> None:
    """UNK-40: a set of text has another order in another process."""
    assert sets_walked(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_an_iteration_over_a_set_would_be_detected() -> None:
    """UNK-40: the check above sees loops, lists and joins over sets, and leaves membership and sorting alone."""
    text = "a = {1}\nfor x in a: pass\n[y for y in {1, 2}]\n','.join(set(b))\nlist(a)\n1 in a\nsorted(a)\n{z for z in a}\n"
    assert len(sets_walked(ast.parse(text))) == 4


def test_every_loop_has_an_end() -> None:
    """DUR-40: a loop that counts nothing is listed here with what ends it."""
    only(found(("domain", "workflows", "activities"), lambda node: isinstance(node, ast.While)), LOOPS)


def test_every_wait_has_a_bound() -> None:
    """DUR-40: a wait without a time is listed here with what ends it."""

    def unbounded(node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return False
        if called(node) == "wait":
            return isinstance(node.args[1], ast.Constant) and node.args[1].value is None
        return called(node).endswith("wait_condition") and not any(
            keyword.arg == "timeout" for keyword in node.keywords
        )

    only(found(("workflows",), unbounded), WAITS)


STARTS_ACTIVITIES = {
    "alert_trader/workflows/activity_options.py run_activity": "the one call for an activity that is waited for",
    "alert_trader/workflows/activity_options.py run_local_activity": "the same for a local one",
    "alert_trader/workflows/activity_options.py start_activity": "the same for one that is not waited for",
}


def test_activities_are_started_in_one_place_with_a_timeout() -> None:
    """DUR-40: a call site names a bundle of options, and spells no timeout or retry policy of its own."""
    starts = {
        f"workflow.{start}"
        for start in ("execute_activity", "start_activity", "execute_local_activity", "start_local_activity")
    }
    only(found(("workflows",), lambda node: called(node) in starts), STARTS_ACTIVITIES)

    def bounded(node: ast.AST) -> bool:
        given = {keyword.arg for keyword in node.keywords} if isinstance(node, ast.Call) else set()
        return "start_to_close_timeout" in given

    only(found(("workflows",), lambda node: called(node) in starts and not bounded(node)), {})
    spelled = {"start_to_close", "schedule_to_close", "schedule_to_start", "retry", "retry_policy"}
    elsewhere = [
        place
        for place in found(("workflows",), lambda node: isinstance(node, ast.keyword) and node.arg in spelled)
        if not place.where.startswith("alert_trader/workflows/activity_options.py")
    ]
    assert elsewhere == []


BUNDLES = {name: each for name, each in vars(activity_options).items() if isinstance(each, ActivityOptions)}


@pytest.mark.parametrize("name", BUNDLES)
def test_activities_that_are_retried_have_an_end(name: str) -> None:
    """DUR-40: an attempt is bounded by start-to-close; retries by their number, by schedule-to-close, or by a heartbeat's run."""
    options = BUNDLES[name]
    once = options.retry is not None and options.retry.maximum_attempts == 1
    pure = name == "PARSE"  # a local activity that calls nothing: it can only fail by a bug
    assert once or pure or options.schedule_to_close is not None or options.heartbeat is not None


def test_every_sell_is_written_by_the_adapter() -> None:
    """EXT-20: selling is meant in one place and written in one place, which makes it strict; selling to open has no name here."""
    rooms = ("domain", "activities", "workflows", "broker", "control", "cli", "runtime", "worker")

    def sells(node: ast.AST) -> bool:
        return (isinstance(node, ast.Attribute) and node.attr == "SELL_TO_CLOSE") or (
            isinstance(node, ast.Constant) and node.value in {"Sell to Close", "Sell to Open", "Sell"}
        )

    only(found(rooms, sells), SELLS)
    only(
        found(
            rooms,
            lambda node: isinstance(node, ast.Attribute) and node.attr in {"SELL_TO_OPEN", "BUY_TO_CLOSE"},
        ),
        {},
    )
    strict = found(
        ("broker",),
        lambda node: isinstance(node, ast.keyword) and node.arg == "strict_position_effect_validation",
    )
    assert strict == [
        Found("alert_trader/broker/tastytrade/bodies.py order_json", "strict_position_effect_validation=True")
    ]


def test_orders_are_written_and_sent_in_one_place() -> None:
    """EXT-20, DRY-10: the SDK's own ways to write, send and replace orders are not used beside the adapter's."""
    rooms = ("domain", "activities", "workflows", "broker", "control", "cli", "runtime", "worker")
    types = {"LimitOrder", "MarketOrder", "NewOrder", "NewComplexOrder", "Leg"}
    built = found(("broker",), lambda node: called(node) in types)
    assert {place.where for place in built} == {"alert_trader/broker/tastytrade/bodies.py order_json"}
    methods = {
        "place_order",
        "replace_order",
        "delete_order",
        "place_complex_order",
        "delete_complex_order",
        "build_leg",
    }
    only(found(rooms, lambda node: isinstance(node, ast.Attribute) and node.attr in methods), {})
    verbs = {"POST", "PUT", "PATCH", "DELETE"}

    def asks(node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and any(
            isinstance(each, ast.Constant) and each.value in verbs for each in node.args
        )

    only(found(("broker",), asks), SENDING)


def test_client_order_ids_are_made_in_one_place() -> None:
    """ENT-30: nothing but `alert_trader.domain.ids` makes one, and nothing else writes text that ends like one."""
    rooms = ("domain", "activities", "workflows", "broker", "control", "cli", "runtime", "worker")
    only(found(rooms, lambda node: called(node) == "ClientOrderId"), NAMES)

    def looks_like_one(node: ast.AST) -> bool:
        if not isinstance(node, ast.JoinedStr):
            return False
        return any(
            isinstance(each, ast.Constant) and str(each.value).endswith(("-e", "-x")) for each in node.values
        )

    only(found(rooms, looks_like_one), {})


CONNECTS = {
    "alert_trader/runtime/target.py target_of": "the one place that knows what encrypts payloads",
    "alert_trader/runtime/local/temporal_server.py _healthy": "asks only whether the server answers",
}


def test_every_process_connects_with_the_codec_of_the_settings() -> None:
    """DUR-50: a process that made its own way to Temporal would write payloads in plain beside encrypted ones."""
    rooms = ("api", "bot", "cli", "control", "deploy", "mirrors", "runtime", "worker")
    only(found(rooms, lambda node: called(node) == "Target"), CONNECTS)
