"""Settings of author profiles: a `[profiles.<author id>]` table each in trader.toml, or TRADER_PROFILES.

The variable holds the path of a TOML or JSON file with the same tables, or the JSON itself.
"""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from alert_trader.domain.alerts.profile import (
    FACTORS,
    FORM_VALUES,
    Approval,
    DefaultExpiry,
    ExitRules,
    Habits,
    LevelSource,
    OnAdd,
    OnExit,
    Profile,
    RoomRule,
)
from alert_trader.domain.market.contract import Right
from alert_trader.settings.exit_rules import BreakEvenRule, SingleRule, StopRule, TimeRules, TrailRule

_PROFILE = Profile()
_RIGHTS = {
    "c": Right.CALL,
    "call": Right.CALL,
    "calls": Right.CALL,
    "p": Right.PUT,
    "put": Right.PUT,
    "puts": Right.PUT,
}


class ProfileSettings(BaseModel):
    """The rules for one author; what is left out is as for an author without a profile."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field("", description="A name for display only.")
    approval: Approval = Field(
        _PROFILE.approval,
        description="Entries: automatic, ask (a person approves each) or watch (never traded).",
    )
    exits: OnExit = Field(_PROFILE.exits, description="The author's exits: automatic, approval or ignored.")
    adds: OnAdd = Field(
        _PROFILE.adds, description="The author's adds (AVG): ignored, approval or added (a trade of its own)."
    )
    partial: Decimal = Field(
        _PROFILE.partial,
        gt=0,
        lt=1,
        description='Share sold where the author says "partial" without an amount.',
    )
    default_right: Right | None = Field(None, description="call or put: how to read a strike without c or p.")
    default_expiry: DefaultExpiry | None = Field(
        None, description="0DTE, weekly or monthly: how to read an alert without a date."
    )
    bare_contracts: bool = Field(
        True, description="Whether a message that is only a contract, without action and price, is an alert."
    )
    average_is_price: bool = Field(
        False,
        description="Whether AVG names the price of a new entry (SPY 600c avg 1.20); else it is an addition.",
    )
    get_ready_words: tuple[str, ...] = Field(
        (),
        description="Words with which the author announces an entry that is not made yet, besides loading, "
        "watching and the like: such a message is never traded.",
    )
    entry_words: tuple[str, ...] = Field(
        (),
        description="Words with which the author reports an entry, besides BTO, bought, took and the like.",
    )
    field_names: dict[str, str] = Field(
        default_factory=dict,
        description="What an embed's or form's values are, by names that only this author uses: "
        '{ Trigger = "price" }. One of ' + ", ".join(FORM_VALUES) + ".",
    )
    exit_stop: StopRule | None = Field(None, description="exit_stop for this author's trades.")
    exit_break_even: BreakEvenRule | None = Field(
        None, description="exit_break_even for this author's trades."
    )
    exit_trail: TrailRule | None = Field(None, description="exit_trail for this author's trades.")
    exit_times: TimeRules = Field((), description="exit_times for this author's trades.")
    exit_single: SingleRule | None = Field(None, description="exit_single for this author's trades.")
    stops: LevelSource = Field(
        _PROFILE.stops,
        description="plan (the exit plan's stop) or alert (the stop that the author's alert names, where it "
        "names one; else the plan's).",
    )
    targets: LevelSource = Field(
        _PROFILE.targets,
        description="plan (the exit plan's targets) or alert (those that the author's alert names, where it "
        "names some; else the plan's).",
    )
    usual_lowest_price: Decimal | None = Field(
        None, gt=0, description="Dollars a share: a cheaper entry waits for a person."
    )
    usual_highest_price: Decimal | None = Field(
        None, gt=0, description="Dollars a share: a dearer entry waits for a person."
    )
    usual_most_contracts: int | None = Field(
        None, gt=0, description="An entry that names more contracts of the author waits for a person."
    )
    usual_words: tuple[str, ...] = Field(
        (),
        description="First words of the author's usual acts (bto, bought): an entry without one waits for a "
        "person.",
    )
    factors: dict[str, Decimal] = Field(
        default_factory=lambda: dict(FACTORS),
        description="Share of a full size by label: lotto, super lotto, half size.",
    )

    @field_validator("default_right", mode="before")
    @classmethod
    def _read_right(cls, value: object) -> object:
        return _RIGHTS.get(value.lower(), value) if isinstance(value, str) else value

    @field_validator("factors")
    @classmethod
    def _complete(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        return {**FACTORS, **{label.lower(): factor for label, factor in value.items()}}

    @model_validator(mode="after")
    def _is_valid(self) -> Self:
        self.profile()
        return self

    def profile(self) -> Profile:
        """Return the profile that these settings make; raises ValueError for an invalid one."""
        return Profile(
            room=RoomRule(
                right=self.default_right,
                expiry=self.default_expiry,
                alone=self.bare_contracts,
                average_is_price=self.average_is_price,
                get_ready=self.get_ready_words,
                entry_words=self.entry_words,
                field_names=tuple(sorted(self.field_names.items())),
            ),
            habits=Habits(
                lowest_price=self.usual_lowest_price,
                highest_price=self.usual_highest_price,
                most_contracts=self.usual_most_contracts,
                words=self.usual_words,
            ),
            exit_rules=ExitRules(
                stop=self.exit_stop,
                break_even=self.exit_break_even,
                trail=self.exit_trail,
                times=self.exit_times,
                single=self.exit_single,
            ),
            approval=self.approval,
            exits=self.exits,
            adds=self.adds,
            partial=self.partial,
            factors=self.factors,
            stops=self.stops,
            targets=self.targets,
        )

    def summary(self) -> str:
        """Return the rules on one line."""
        given = {
            name: value
            for name, value in self.model_dump(mode="json").items()
            if value not in ("", None, [], {}, False)
        }
        factors = given.pop("factors")
        return ", ".join(
            [
                *(f"{name}={value}" for name, value in given.items()),
                *(f"{label} x{share}" for label, share in factors.items()),
            ]
        )


def read_profiles(value: object) -> object:
    """Read profiles from the path of a file, or from JSON; a table passes as it is."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        found: Any = json.loads(text) if text.startswith("{") else _of_file(Path(text))
    except (OSError, ValueError) as error:
        raise ValueError(
            f"expected the path of a TOML or JSON file of profiles, or JSON itself, found a fault: {error}"
        ) from None
    return found.get("profiles", found) if isinstance(found, dict) else found


def _of_file(path: Path) -> object:
    text = path.read_text(encoding="utf-8")
    return tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)


def _written(profiles: dict[str, ProfileSettings]) -> str:
    """Write profiles as the JSON that the variable takes, for a child process; empty where there are none."""
    return (
        json.dumps(
            {author: each.model_dump(mode="json", exclude_none=True) for author, each in profiles.items()}
        )
        if profiles
        else ""
    )


Profiles = Annotated[
    dict[str, ProfileSettings], NoDecode, BeforeValidator(read_profiles), PlainSerializer(_written)
]
"""Profiles by author id."""
