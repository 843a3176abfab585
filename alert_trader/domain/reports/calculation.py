"""Compute a report from the records of its trades alone."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from alert_trader.domain.market.calendar import new_york_date
from alert_trader.domain.market.quotes import Quote
from alert_trader.domain.money import CONTRACT_MULTIPLIER, Usd
from alert_trader.domain.not_sent import meaning_of
from alert_trader.domain.reports.figures import (
    DOUBLED,
    HALF_UP,
    Grouping,
    Line,
    Missed,
    NotBought,
    Open,
    Report,
    Scope,
    Share,
    Slippage,
    Spread,
    Step,
    StepScore,
)
from alert_trader.domain.reports.known_prices import (
    KnownPrices,
    best_known_gain,
    best_price_after,
    known_prices,
)
from alert_trader.domain.reports.trade_record import CONVERSION_STEP, FIRST_STEP, ReportedTrade
from alert_trader.domain.trade.lifecycle import Outcome

CENT = Decimal("0.01")

BROKER_REJECTED = "The broker rejected the order; the trade shows its text."
"""The meaning of a code that is not ours."""


def make_report(
    records: Sequence[ReportedTrade],
    scope: Scope,
    *,
    made_at: datetime,
    unreadable: int = 0,
    quotes: Mapping[str, Quote] | None = None,
) -> Report:
    """Compute the report of `records`; `quotes` are the current ones, by OCC symbol."""
    now = quotes or {}
    prices = known_prices(records, now)
    bought = [record for record in records if record.bought > 0]
    gains = [gain for record in bought if (gain := best_known_gain(record, prices)) is not None]
    entries = [order for record in records for order in record.facts.entries]
    return Report(
        scope=scope,
        made_at=made_at,
        modes=tuple(sorted({record.mode for record in records})),
        alerts=len(records),
        outcomes=dict(Counter(record.outcome or record.phase for record in records).most_common()),
        not_bought=_not_bought(records),
        steps=tuple(
            StepScore(
                step=step,
                trades=sum(any(order.step == step for order in record.facts.entries) for record in records),
                contracts=Share(
                    count=sum(order.filled for order in entries if order.step == step),
                    of=sum(order.quantity for order in entries if order.step == step),
                ),
            )
            for step in sorted({order.step for order in entries}, key=_step_order)
        ),
        filled=_filled(records),
        time_to_fill=spread(
            [
                max(bought_at - record.received_at, timedelta(0))
                for record in records
                if (bought_at := record.facts.bought_at) is not None
            ]
        ),
        against_alert=_slippage(records, lambda record: record.alert_price),
        against_mid=_slippage(records, lambda record: record.mid),
        reached_half=Share(count=sum(gain >= HALF_UP for gain in gains), of=len(bought)),
        reached_double=Share(count=sum(gain >= DOUBLED for gain in gains), of=len(bought)),
        with_later_price=len(gains),
        pnl=_pnl(records),
        fees=_fees(records),
        wins=_wins(records),
        open=_open(records, now),
        missed=_missed(records, prices),
        lines=_lines(records, scope.grouping),
        curve=_curve(records),
        unreadable=unreadable,
    )


def spread(times: Iterable[timedelta]) -> Spread:
    """Describe times by nearest rank: every figure is a measured one."""
    ordered = sorted(times)
    if not ordered:
        return Spread(count=0, median=None, ninety=None, longest=None)
    last = len(ordered) - 1
    return Spread(
        count=len(ordered), median=ordered[last // 2], ninety=ordered[-(-last * 9 // 10)], longest=ordered[-1]
    )


def was_denied_or_rejected(record: ReportedTrade) -> bool:
    """Return whether the alert was denied or its order rejected by the broker."""
    return record.outcome in {Outcome.DENIED, Outcome.REJECTED}


def missed(record: ReportedTrade) -> bool:
    """Return whether the alert named a contract and nothing of it was bought."""
    return record.bought == 0 and record.outcome is not None and record.symbol is not None


def _not_bought(records: Iterable[ReportedTrade]) -> tuple[NotBought, ...]:
    """Count the reasons why less was bought than wanted, the most frequent first."""
    counted = Counter(record.facts.code for record in records if record.facts.code is not None)
    return tuple(
        NotBought(code=code, count=count, meaning=BROKER_REJECTED if known is None else known.means)
        for code, count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
        for known in [meaning_of(code)]
    )


def _step_order(step: str) -> tuple[int, int, str]:
    """Sort steps: the first limit, the bumps by number, the conversion."""
    rank = {FIRST_STEP: 0, CONVERSION_STEP: 2}.get(step, 1)
    number = step.rpartition(" ")[2]
    return rank, int(number) if number.isdigit() else 0, step


def _filled(records: Iterable[ReportedTrade]) -> Share:
    """Count the contracts bought of those wanted, over the trades with an order."""
    pairs = [(record.bought, record.quantity) for record in records if record.facts.entries]
    return Share(count=sum(bought for bought, _ in pairs), of=sum(quantity for _, quantity in pairs))


def _slippage(
    records: Iterable[ReportedTrade], reference: Callable[[ReportedTrade], Decimal | None]
) -> Slippage:
    contracts, paid, due = 0, Decimal(0), Decimal(0)
    for record in records:
        against = reference(record)
        if against is None or against <= 0 or record.average_entry is None or record.bought == 0:
            continue
        contracts += record.bought
        paid += record.average_entry * record.bought
        due += against * record.bought
    over = paid - due
    return Slippage(
        contracts=contracts,
        a_share=None if contracts == 0 else (over / contracts).quantize(Decimal("0.0001")),
        fraction=None if due == 0 else (over / due).quantize(Decimal("0.0001")),
        dollars=Usd((over * CONTRACT_MULTIPLIER).quantize(CENT)),
    )


def _pnl(records: Iterable[ReportedTrade]) -> Usd:
    return Usd(sum((record.pnl for record in records if record.pnl is not None), Decimal(0)).quantize(CENT))


def _fees(records: Iterable[ReportedTrade]) -> Usd:
    return Usd(sum((record.fees for record in records if record.fees is not None), Decimal(0)).quantize(CENT))


def _wins(records: Iterable[ReportedTrade]) -> Share:
    results = [record.pnl for record in records if record.pnl is not None]
    return Share(count=sum(pnl > 0 for pnl in results), of=len(results))


def _open(records: Iterable[ReportedTrade], quotes: Mapping[str, Quote]) -> Open:
    cost, paper, contracts, marked, trades = Decimal(0), Decimal(0), 0, 0, 0
    for record in records:
        if record.position <= 0 or record.outcome is not None or record.average_entry is None:
            continue
        trades += 1
        contracts += record.position
        cost += record.position * record.average_entry
        quote = None if record.symbol is None else quotes.get(record.symbol)
        if quote is not None:
            marked += record.position
            paper += record.position * (quote.mid - record.average_entry)
    return Open(
        trades=trades,
        contracts=contracts,
        cost=Usd((cost * CONTRACT_MULTIPLIER).quantize(CENT)),
        marked=Share(count=marked, of=contracts),
        pnl=Usd((paper * CONTRACT_MULTIPLIER).quantize(CENT)) if marked else None,
    )


def _missed(records: Iterable[ReportedTrade], prices: KnownPrices) -> tuple[Missed, ...]:
    found = []
    for record in records:
        if not missed(record) or record.contract is None:
            continue
        would_pay = next(
            (each for each in (record.quote_ask, record.facts.ask, record.alert_price) if each is not None),
            None,
        )
        best = best_price_after(prices, record.symbol, record.closed_at or record.received_at)
        quantity = record.quantity or 1
        made = (
            None
            if best is None or would_pay is None
            else Usd(((best - would_pay) * quantity * CONTRACT_MULTIPLIER).quantize(CENT))
        )
        found.append(
            Missed(
                workflow_id=record.workflow_id,
                at=record.received_at,
                author=record.author,
                contract=record.contract,
                code=record.facts.code,
                quantity=quantity,
                would_pay=would_pay,
                best_later=best,
                would_have_made=made,
            )
        )
    return tuple(sorted(found, key=lambda each: each.at))


def _lines(records: Iterable[ReportedTrade], grouping: Grouping) -> tuple[Line, ...]:
    def key(record: ReportedTrade) -> tuple[str, str]:
        match grouping:
            case Grouping.DAY | Grouping.AUTHOR:
                return record.author_id, record.author
            case Grouping.WEEK | Grouping.MONTH:
                day = new_york_date(record.received_at)
                return day.isoformat(), f"{day:%a %m-%d}"
            case Grouping.CHANNEL:
                return record.channel_id, record.channel_id

    groups: dict[str, list[ReportedTrade]] = defaultdict(list)
    labels: dict[str, str] = {}
    for record in records:
        name, label = key(record)
        groups[name].append(record)
        labels[name] = label
    lines = [
        Line(
            key=name,
            label=labels[name],
            alerts=len(members),
            bought=sum(record.bought > 0 for record in members),
            denied_or_rejected=sum(was_denied_or_rejected(record) for record in members),
            contracts=_filled(members),
            wins=_wins(members),
            pnl=_pnl(members),
            fees=_fees(members),
        )
        for name, members in groups.items()
    ]
    if grouping in {Grouping.WEEK, Grouping.MONTH}:
        return tuple(sorted(lines, key=lambda line: line.key))
    return tuple(sorted(lines, key=lambda line: (-line.pnl, line.label)))


def _curve(records: Iterable[ReportedTrade]) -> tuple[Step, ...]:
    """Add up the realised results in time: at each trade's last sale, or its end."""
    ended = []
    for record in records:
        if record.pnl is None:
            continue
        sales = record.facts.sales
        moment = sales[-1].at if sales else record.closed_at
        if moment is not None:
            ended.append((moment, record.pnl, record.workflow_id))
    total = Decimal(0)
    curve = []
    for moment, pnl, workflow_id in sorted(ended):
        total += pnl
        curve.append(Step(at=moment, total=Usd(total.quantize(CENT)), workflow_id=workflow_id))
    return tuple(curve)
