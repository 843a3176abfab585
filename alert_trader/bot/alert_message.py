"""Convert a Discord message to an alert message. Pure."""

import discord

from alert_trader.domain.alerts.alert import AlertMessage, Embed, EmbedField, Nature, Sender
from alert_trader.domain.ids import MessageId, message_id


def alert_of(message: discord.Message) -> AlertMessage:
    """Return a Discord message as an alert message. Its time is the one encoded in its Discord id."""
    author = message.author
    return AlertMessage(
        message_id=message_id(str(message.id)),
        text=message.content,
        author_id=str(author.id),
        channel_id=str(message.channel.id),
        guild_id="" if message.guild is None else str(message.guild.id),
        posted_at=message.created_at,
        author_name=author.display_name,
        embeds=tuple(_embed(each) for each in message.embeds),
        nature=nature_of(message),
        sender=Sender.WEBHOOK
        if message.webhook_id is not None
        else Sender.BOT
        if author.bot
        else Sender.PERSON,
        answers=_answered(message),
    )


def nature_of(message: discord.Message) -> Nature:
    """Return whether a message is a first message, an edit, a reply, a quote or a forward."""
    if message.message_snapshots:
        return Nature.FORWARD
    if message.type is discord.MessageType.reply:
        return Nature.REPLY
    if message.reference is not None:
        return Nature.QUOTE
    return Nature.FIRST if message.edited_at is None else Nature.EDIT


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
    )
