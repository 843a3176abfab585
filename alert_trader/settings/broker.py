"""Settings of the mode, the account and the broker."""

from typing import Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from alert_trader.domain.execution.policy import Mode
from alert_trader.domain.ids import AccountNumber
from alert_trader.settings.values import Duration, IdList

ORDER_VERSION = "20261012"
"""The version of the broker's order API that this product is written for."""


class BrokerSettings(BaseModel):
    """Which account is traded, in which mode, with which credentials."""

    mode: Mode = Field(
        Mode.DRY_RUN,
        description="demo, dry-run, sandbox or live. `trader up` and `trader demo` use demo unless it is "
        "set.",
    )
    live_confirm: str | None = Field(
        None, description="Mode live requires the account number here a second time."
    )
    tastytrade_account: str = Field(
        "5WT31673", validation_alias="TASTYTRADE_ACCOUNT", description="The account to trade."
    )
    tastytrade_account_whitelist: IdList = Field(
        (),
        validation_alias="TASTYTRADE_ACCOUNT_WHITELIST",
        description="Accounts allowed in modes sandbox and live, separated by commas.",
    )
    tastytrade_client_secret: SecretStr | None = Field(
        None, validation_alias="TASTYTRADE_CLIENT_SECRET", description="OAuth client secret; secret."
    )
    tastytrade_refresh_token: SecretStr | None = Field(
        None, validation_alias="TASTYTRADE_REFRESH_TOKEN", description="OAuth refresh token; secret."
    )
    broker_timeout: Duration = Field(
        "4",
        gt=0,
        le=8,
        validate_default=True,
        description="Longest time of one call to the broker, in seconds.",
    )

    broker_order_version: str = Field(
        "auto",
        pattern=r"^(auto|none|[0-9]{8})$",
        description="Version of the broker's order API to request, as YYYYMMDD. `auto`: 20261012, and in the "
        "sandbox, which may refuse one, none. `none`: the broker's oldest.",
    )

    @model_validator(mode="after")
    def _may_trade(self) -> Self:
        if self.mode not in {Mode.SANDBOX, Mode.LIVE}:
            return self
        if self.tastytrade_account not in self.tastytrade_account_whitelist:
            raise ValueError(
                f"mode {self.mode} expects the account {self.tastytrade_account} on "
                "TASTYTRADE_ACCOUNT_WHITELIST; found "
                f"{', '.join(self.tastytrade_account_whitelist) or 'an empty list'}. Add the account, or "
                "use mode dry-run"
            )
        if self.mode is Mode.LIVE and self.live_confirm != self.tastytrade_account:
            raise ValueError(
                "mode live trades real money: expected TRADER_LIVE_CONFIRM to repeat the account number "
                f"{self.tastytrade_account}; found "
                f"{'nothing' if self.live_confirm is None else 'something else'}. Set it, or use mode dry-run"
            )
        return self

    @property
    def order_version(self) -> str | None:
        """The version of the order API to request; None to name none."""
        if self.broker_order_version == "auto":
            return None if self.mode is Mode.SANDBOX else ORDER_VERSION
        return None if self.broker_order_version == "none" else self.broker_order_version

    @property
    def account(self) -> AccountNumber:
        """The account to trade."""
        return AccountNumber(self.tastytrade_account)

    @property
    def credentials(self) -> tuple[str, str]:
        """The OAuth client secret and refresh token; raises ValueError where a needed one is not set."""
        secret, token = self.tastytrade_client_secret, self.tastytrade_refresh_token
        if self.mode is Mode.DEMO:
            secret, token = secret or SecretStr("demo"), token or SecretStr("demo")
        if secret is None or token is None:
            raise ValueError(
                f"mode {self.mode} needs TASTYTRADE_CLIENT_SECRET and TASTYTRADE_REFRESH_TOKEN, which are "
                "not set: set both, or use mode demo"
            )
        return secret.get_secret_value(), token.get_secret_value()
