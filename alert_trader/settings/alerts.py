"""Settings of the people and places whose alerts may trade."""

from pydantic import BaseModel, Field

from alert_trader.domain.alerts.profile import Profile
from alert_trader.settings.profiles import Profiles
from alert_trader.settings.values import IdList


class AlertSettings(BaseModel):
    """Whose alerts may trade, and by which rules."""

    authors: IdList = Field(
        (),
        description="Ids of authors whose alerts may trade, separated by commas; empty: nobody (demo mode "
        "has its own).",
    )
    channels: IdList = Field((), description="Ids of channels whose alerts may trade, separated by commas.")
    guilds: IdList = Field(
        (), description="Ids of Discord servers whose alerts may trade, separated by commas."
    )
    profiles: Profiles = Field(
        {},
        description="Rules for each author, by id: [profiles.ID] tables of trader.toml; as a variable, the "
        "path of a TOML or JSON file.",
    )

    @property
    def author_profiles(self) -> dict[str, Profile]:
        """The rules for each author, by id."""
        return {author: each.profile() for author, each in self.profiles.items()}
