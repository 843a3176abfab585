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
from tests.support.source_exceptions import FLOATS, LOOPS, NAMES, SELLS, SENDING, WAITS

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
        "base64",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "pydantic",
        "temporalio",
        "typing",
        "zlib",
    },
}
"""All that these packages may import: nothing among it gives another answer at a replay, beside the calls
banned below."""
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


@dataclass(frozen=True)
class Found:
    """A place in the source: the file and function it is in, and its text."""

    where: str
    text: str


def folder(package: str) -> Path:
    """Find a package of ours, or a folder beside them."""
    return PACKAGE / package if (PACKAGE / package).exists() else ROOT / package


@functools.cache
def nodes(package: str) -> Sequence[tuple[str, ast.AST]]:
    """Return every node of a package's source with the place it is in, as `file Class.function`.

    Each file is parsed once.
    """
    return [
        found
        for path in sorted(folder(package).rglob("*.py"))
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


def found(packages: tuple[str, ...], wanted: Callable[[ast.AST], bool]) -> list[Found]:
    """Return the places of the nodes that are wanted."""
    return [
        Found(where, ast.unparse(node))
        for package in packages
        for where, node in nodes(package)
        if wanted(node)
    ]


def only(places: list[Found], allowed: dict[str, str]) -> None:
    """Check that places are exactly the allowed ones."""
    new = [f"{place.where}: {place.text[:100]}" for place in places if place.where not in allowed]
    assert not new, "expected none of these, or a reason for each in this file:\n" + "\n".join(new)
    gone = allowed.keys() - {place.where for place in places}
    assert not gone, f"expected every exception to be needed still, found these gone: {sorted(gone)}"


@functools.cache
def called(node: ast.AST) -> str:
    """Name what a node calls; empty when it is no call."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def test_no_float_is_near_money() -> None:
    """RSK-10: amounts are decimals.

    A float stands for seconds, and for the one display value that Temporal has no other type for.
    """
    only(
        found(
            MONEY,
            lambda node: (
                called(node) == "float" or (isinstance(node, ast.Constant) and isinstance(node.value, float))
            ),
        ),
        FLOATS,
    )


@pytest.mark.parametrize("package", DECIDING)
def test_workflow_code_imports_nothing_nondeterministic(package: str) -> None:
    """UNK-40: a workflow and the domain import no clock, chance, environment or I/O."""

    def roots(node: ast.AST) -> set[str]:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        return {
            ".".join(name.split(".")[:2]) if name.startswith("alert_trader.") else name.partition(".")[0]
            for name in names
        }

    only(found((package,), lambda node: bool(roots(node) - REPEATABLE[package])), {})


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
    "alert_trader/mirrors/archive.py Archive._clear_incoming": (
        "the ages of files are measured by the clock that stamped them"
    ),
    "alert_trader/api/keys.py Keys._count": (
        "the rate limiter counts by its own clock, and tells by it when to try again"
    ),
}


def test_the_time_of_day_is_read_from_one_clock() -> None:
    """A test moves all of the product's time at once: nothing reads the machine's clock beside `clock`."""

    def reads(node: ast.AST) -> bool:
        return bool({called(node), called(node).removeprefix("datetime.")} & WALL_CLOCKS)

    only(found(("alert_trader", "bench", "chaos"), reads), CLOCKS)


def test_tests_read_the_time_from_the_same_clock() -> None:
    """A test that read the machine's clock would be another test on each day.

    Only what moves the clock must know both.
    """
    allowed = {
        "tests/support/virtual_time.py _Starts.start_workflow": (
            "how far the test's clock is ahead of the server's"
        ),
        "tests/support/instants.py named": "the present, for what is looked up by when the server started it",
    }
    only(found(("tests",), lambda node: called(node) in WALL_CLOCKS), allowed)


def test_a_fast_forward_that_stops_short_fails() -> None:
    """The server answers False and continues where it stopped.

    Only `forward` may ask, which checks the answer.
    """
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
    """Return every place where the order of a set would show.

    A loop or a comprehension that lists, or a call that keeps order.
    """
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
    [path for package in DECIDING for path in sorted(folder(package).rglob("*.py"))],
    ids=lambda path: path.name,
)
def test_workflow_code_iterates_over_no_set(path: Path) -> None:
    """UNK-40: a set of text has another order in another process."""
    assert sets_walked(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_an_iteration_over_a_set_would_be_detected() -> None:
    """UNK-40: the check above finds loops, lists and joins over sets, not membership and sorting."""
    text = (
        "a = {1}\nfor x in a: pass\n[y for y in {1, 2}]\n','.join(set(b))\n"
        "list(a)\n1 in a\nsorted(a)\n{z for z in a}\n"
    )
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
    "alert_trader/workflows/activity_options.py run_activity": (
        "the one call for an activity that is waited for"
    ),
    "alert_trader/workflows/activity_options.py run_local_activity": "the same for a local one",
    "alert_trader/workflows/activity_options.py start_activity": "the same for one that is not waited for",
}


def test_commands_are_signals() -> None:
    """DUR-30: no update moves a workflow, and none is sent.

    The task of an update that follows an empty one is taken for it by a worker that has just started, and
    runs the update before what happened earlier: the history then does not replay (sdk-python#1591).
    """
    said = ("workflow.update", "execute_update", "start_update", "update_with_start")
    found = [
        f"{path.relative_to(ROOT)}: {each}"
        for folder in (PACKAGE, ROOT / "tests" / "workflows", ROOT / "chaos")
        for path in sorted(folder.rglob("*.py"))
        for each in said
        if each in path.read_text()
    ]
    assert found == []


def test_waits_do_not_depend_on_the_version_of_python() -> None:
    """DUR-30: a workflow waits with a time limit in one place, which uses nothing of asyncio for it.

    `asyncio.wait_for` and `asyncio.timeout` let coroutines run in another order from Python 3.12 on, and
    `wait_condition(timeout=...)` uses the first.
    """
    said = ("timeout=timedelta", "timeout_summary", "asyncio.wait_for", "asyncio.timeout(", "asyncio.wait(")
    found = [
        f"{path.relative_to(ROOT)}: {each}"
        for path in sorted((PACKAGE / "workflows").rglob("*.py"))
        for each in said
        if each in path.read_text()
    ]
    assert found == []


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
    """DUR-40: an attempt is bounded by start-to-close.

    Retries by their number, by schedule-to-close, or by a heartbeat's run.
    """
    options = BUNDLES[name]
    once = options.retry is not None and options.retry.maximum_attempts == 1
    pure = name == "PARSE"  # a local activity that calls nothing: it can only fail by a bug
    assert once or pure or options.schedule_to_close is not None or options.heartbeat is not None


def test_every_sell_is_written_by_the_adapter() -> None:
    """EXT-20: selling is meant in one place and written in one place, which makes it strict.

    Selling to open has no name here.
    """
    packages = ("domain", "activities", "workflows", "broker", "control", "cli", "runtime", "worker")

    def sells(node: ast.AST) -> bool:
        return (isinstance(node, ast.Attribute) and node.attr == "SELL_TO_CLOSE") or (
            isinstance(node, ast.Constant) and node.value in {"Sell to Close", "Sell to Open", "Sell"}
        )

    only(found(packages, sells), SELLS)
    only(
        found(
            packages,
            lambda node: isinstance(node, ast.Attribute) and node.attr in {"SELL_TO_OPEN", "BUY_TO_CLOSE"},
        ),
        {},
    )
    strict = found(
        ("broker",),
        lambda node: isinstance(node, ast.keyword) and node.arg == "strict_position_effect_validation",
    )
    assert strict == [
        Found("alert_trader/broker/tastytrade/bodies.py _sdk_order", "strict_position_effect_validation=True")
    ]


def test_orders_are_written_and_sent_in_one_place() -> None:
    """EXT-20, DRY-10: only the adapter uses the SDK's ways to write, send and replace orders."""
    packages = ("domain", "activities", "workflows", "broker", "control", "cli", "runtime", "worker")
    types = {
        "LimitOrder",
        "MarketOrder",
        "StopOrder",
        "StopLimitOrder",
        "OCOOrder",
        "NewOrder",
        "NewComplexOrder",
        "Leg",
    }
    built = found(("broker",), lambda node: called(node) in types)
    assert {place.where for place in built} == {
        "alert_trader/broker/tastytrade/bodies.py _sdk_order",
        "alert_trader/broker/tastytrade/bodies.py oco_json",
    }
    methods = {
        "place_order",
        "replace_order",
        "delete_order",
        "place_complex_order",
        "delete_complex_order",
        "build_leg",
    }
    only(found(packages, lambda node: isinstance(node, ast.Attribute) and node.attr in methods), {})
    verbs = {"POST", "PUT", "PATCH", "DELETE"}

    def asks(node: ast.AST) -> bool:
        return isinstance(node, ast.Call) and any(
            isinstance(each, ast.Constant) and each.value in verbs for each in node.args
        )

    only(found(("broker",), asks), SENDING)


def test_client_order_ids_are_made_in_one_place() -> None:
    """ENT-30: only `alert_trader.domain.ids` makes one, and nothing else writes text that ends like one."""
    packages = ("domain", "activities", "workflows", "broker", "control", "cli", "runtime", "worker")
    only(found(packages, lambda node: called(node) == "ClientOrderId"), NAMES)

    def looks_like_one(node: ast.AST) -> bool:
        if not isinstance(node, ast.JoinedStr):
            return False
        return any(
            isinstance(each, ast.Constant) and str(each.value).endswith(("-e", "-x")) for each in node.values
        )

    only(found(packages, looks_like_one), {})


CONNECTS = {
    "alert_trader/runtime/target.py target_of": "the one place that knows what encrypts payloads",
    "alert_trader/runtime/local/temporal_server.py _healthy": "asks only whether the server answers",
}


def test_every_process_connects_with_the_codec_of_the_settings() -> None:
    """DUR-50: a process with its own connection to Temporal would write payloads in plain."""
    packages = ("api", "bot", "cli", "control", "deploy", "mirrors", "runtime", "worker")
    only(found(packages, lambda node: called(node) == "Target"), CONNECTS)
