"""Settings of the Discord bot, cards and notifications."""

from pydantic import BaseModel, Field, SecretStr

from alert_trader.settings.values import Duration, IdList, QuietHours


class ChatSettings(BaseModel):
    """Where people see trades, who may command them, and what they are notified of."""

    discord_token: SecretStr | None = Field(None, description="The bot's token; empty: no bot; secret.")
    discord_operators: IdList = Field(
        (), description="Ids of people who may command the bot, separated by commas (demo mode has its own)."
    )
    discord_operator_roles: IdList = Field(
        (), description="Ids of roles whose members may command the bot, separated by commas."
    )
    discord_cards_channel: str | None = Field(
        None,
        pattern=r"^\d{5,20}$",
        description="Id of the channel for all cards; empty: each card goes to its alert's channel.",
    )
    discord_backfill: Duration = Field(
        "900",
        ge=0,
        validate_default=True,
        description="Seconds of missed messages to read after a restart; old alerts are denied by their age.",
    )
    discord_url: str | None = Field(
        None, description="Address of a Discord-compatible chat, such as the bundled one; empty: Discord."
    )
    cards: bool | None = Field(
        None, description="Whether trades have a card; empty: when discord_token is set."
    )
    operator_webhook_url: SecretStr | None = Field(
        None, description="Discord webhook for errors and abnormal outcomes; secret."
    )
    notify_urls: SecretStr | None = Field(
        None, description="Further notification channels: Apprise addresses, separated by spaces; secret."
    )
    notify_level: str = Field(
        "money",
        pattern="^(info|money|page)$",
        description="The lowest level to notify: info, money or page.",
    )
    notify_mention: str | None = Field(
        None,
        pattern=r"^(user|role):\d{5,20}$",
        description="Whom the operator webhook mentions: user:ID or role:ID; empty: nobody.",
    )
    quiet_hours: QuietHours | None = Field(
        None,
        description="New York hours in which only fills and orders of unknown outcome are notified, as "
        "22:00-07:00; empty: none.",
    )

    @property
    def has_cards(self) -> bool:
        """Whether trades that start now have a card."""
        return self.discord_token is not None if self.cards is None else self.cards
