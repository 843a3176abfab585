"""Convert a Discord message to an alert message. Pure."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import discord

from alert_trader.domain.alerts.alert import AlertMessage, Embed, EmbedField, Nature, Sender
from alert_trader.domain.ids import MessageId, message_id


def alert_of(
    message: discord.Message, channels: Collection[str] = (), *, first: bool = False
) -> AlertMessage:
    """Return a Discord message as an alert message. Its time is the one encoded in its Discord id.

    A message in a thread or a forum's post below one of `channels` counts as posted in that channel. `first`
    is for the update that brings a deferred answer's text: nothing was readable before it.
    """
    author = message.author
    sources: tuple[Any, ...] = (message, *message.message_snapshots)
    return AlertMessage(
        message_id=message_id(str(message.id)),
        text="\n".join(text for source in sources for text in _texts(source) if text),
        author_id=str(author.id),
        channel_id=listened_channel(message, channels),
        guild_id="" if message.guild is None else str(message.guild.id),
        posted_at=message.created_at,
        author_name=author.display_name,
        embeds=tuple(_embed(each) for source in sources for each in source.embeds),
        nature=Nature.FIRST if first else nature_of(message),
        sender=Sender.WEBHOOK
        if message.webhook_id is not None
        else Sender.BOT
        if author.bot
        else Sender.PERSON,
        answers=_answered(message),
    )


def listened_channel(message: discord.Message, channels: Collection[str]) -> str:
    """Return the channel's id, or that of the listened channel whose thread or forum post it is."""
    own, parent = str(message.channel.id), getattr(message.channel, "parent_id", None)
    return str(parent) if own not in channels and parent is not None and str(parent) in channels else own


def nature_of(message: discord.Message) -> Nature:
    """Return whether a message is a first message, an edit, a reply, a quote or a forward.

    A message that a followed announcement channel posts here is a first one: its reference is its source.
    """
    if message.message_snapshots:
        return Nature.FORWARD
    if message.type is discord.MessageType.reply:
        return Nature.REPLY
    if message.reference is not None and not message.flags.is_crossposted:
        return Nature.QUOTE
    return Nature.FIRST if message.edited_at is None else Nature.EDIT


def _texts(source: discord.Message | discord.MessageSnapshot) -> Iterator[str]:
    """Yield the text of a message and of its components, as a reader sees them."""
    yield source.content
    yield from _component_texts(source.components)


def _component_texts(components: Iterable[Any]) -> Iterator[str]:
    """Yield the text displays in containers and sections; buttons and images say nothing of an alert."""
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component.content
        else:
            yield from _component_texts(getattr(component, "children", None) or ())


def _answered(message: discord.Message) -> MessageId | None:
    reference = message.reference
    if message.type is not discord.MessageType.reply or reference is None or reference.message_id is None:
        return None
    return message_id(str(reference.message_id))


def _embed(embed: discord.Embed) -> Embed:
    return Embed(
        title=embed.title or "",
        description=embed.description or "",
        fields=tuple(EmbedField(name=each.name or "", value=each.value or "") for each in embed.fields),
        author=embed.author.name or "",
        footer=embed.footer.text or "",
    )
