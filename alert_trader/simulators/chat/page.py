"""The chat as a page: channels, messages, cards with their threads.

Buttons on it work, and so does the box to write in.
"""

import html
import re
from datetime import datetime
from typing import Any

from alert_trader.simulators.chat.page_style import SCRIPT, STYLE
from alert_trader.simulators.chat.world import PUBLIC_THREAD, Body, World

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_BLOCK = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_SUBTEXT = re.compile(r"^-# (.+)$", re.MULTILINE)
_STAMP = re.compile(r"&lt;t:(\d+)(?::\w)?&gt;")
_HIDDEN = re.compile("\ue000([0-9]+)\ue001")
_ESCAPED = re.compile(r"\\([\\*_`~|#\-\[\]():@.+=!]|&lt;|&gt;|&amp;)")


def draw(world: World, *, live: bool = True, only: frozenset[str] = frozenset()) -> str:
    """Draw every channel; without `live` the page does not move, for a picture.

    `only` names the messages shown; empty: all.
    """
    rooms = [each for each in world.channels.values() if each["type"] != PUBLIC_THREAD]
    parts = "".join(_room(world, each, only, live=live) for each in rooms)
    script = f"<script>{SCRIPT}</script>" if live else ""
    title = html.escape(world.config.guild_name)
    head = "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    return f"{head}<title>{title}</title><style>{STYLE}</style>{parts}{script}"


def _room(world: World, room: Body, only: frozenset[str], *, live: bool) -> str:
    messages = "".join(
        _message(world, each)
        for each in world.messages[room["id"]].values()
        if not only or each["id"] in only
    )
    name = html.escape(room["name"])
    box = (
        ""
        if not live
        else f'<form data-channel="{room["id"]}">'
        f'<input placeholder="Message #{name}" autocomplete=off></form>'
    )
    return f"<section><h1># {name}</h1>{messages}{box}</section>"


def _message(world: World, message: Body, *, small: bool = False) -> str:
    author = message["author"]
    badge = "<b class=app>APP</b>" if author.get("bot") else ""
    reply = message.get("referenced_message")
    above = f"<div class=reply>↱ {markdown(reply['content'][:120])}</div>" if reply else ""
    edited = " <small>(edited)</small>" if message["edited_timestamp"] and not author.get("bot") else ""
    when = datetime.fromisoformat(message["timestamp"])
    inner = (
        above
        + (
            ""
            if small
            else f"<header><b>{html.escape(author['username'])}</b>{badge}"
            f"<time>{when:%H:%M:%S}</time></header>"
        )
        + (f"<p>{markdown(message['content'])}{edited}</p>" if message["content"] else "")
        + "".join(_embed(each) for each in message["embeds"])
        + "".join(_row(message, each) for each in message["components"])
        + _reactions(message)
        + _thread(world, message)
    )
    face = "" if small else f"<i class=face>{html.escape(author['username'][:1].upper())}</i>"
    return f"<article class={'small' if small else 'big'}>{face}<div>{inner}</div></article>"


def _embed(embed: Body) -> str:
    fields = "".join(
        f"<div class={'inline' if each.get('inline') else 'wide'}><b>{markdown(each['name'])}</b><br>"
        f"{markdown(each['value'])}</div>"
        for each in embed.get("fields") or ()
    )
    parts = [
        f"<div class=author>{html.escape(embed['author']['name'])}</div>" if embed.get("author") else "",
        f"<div class=title>{markdown(embed['title'])}</div>" if embed.get("title") else "",
        f"<div>{markdown(embed['description'])}</div>" if embed.get("description") else "",
        f"<div class=fields>{fields}</div>" if fields else "",
        f"<footer>{html.escape(embed['footer']['text'])}</footer>" if embed.get("footer") else "",
    ]
    return f'<div class=embed style="border-color:#{embed.get("color") or 0:06x}">{"".join(parts)}</div>'


def _row(message: Body, row: Body) -> str:
    buttons = "".join(
        f'<button class=s{each.get("style", 2)} data-message="{message["id"]}" '
        f'data-label="{html.escape(each.get("label") or "")}"'
        f"{' disabled' if each.get('disabled') else ''}>{html.escape(each.get('label') or '')}</button>"
        for each in row.get("components") or ()
    )
    return f"<nav>{buttons}</nav>"


def _reactions(message: Body) -> str:
    shown = "".join(
        f"<span>{html.escape(each['emoji']['name'])} {each['count']}</span>" for each in message["reactions"]
    )
    return f"<div class=reactions>{shown}</div>" if shown else ""


def _thread(world: World, message: Body) -> str:
    thread: Any = message.get("thread")
    if thread is None:
        return ""
    messages = "".join(_message(world, each, small=True) for each in world.messages[thread["id"]].values())
    name = f"<summary>{html.escape(thread['name'])}</summary>"
    return f"<details open data-thread={thread['id']}>{name}{messages}</details>"


def markdown(text: str) -> str:
    """Draw the part of Discord's Markdown that a card uses; everything else is shown as written."""
    pieces = _BLOCK.split(html.escape(text))
    return "".join(
        f"<pre>{piece}</pre>" if place % 2 else _inline(piece) for place, piece in enumerate(pieces)
    )


def _inline(escaped: str) -> str:
    literal: list[str] = []

    def hide(found: re.Match[str]) -> str:
        # an escaped character formats nothing
        literal.append(found[1])
        return f"\ue000{len(literal) - 1}\ue001"

    escaped = _ESCAPED.sub(hide, escaped.replace("\ue000", ""))
    escaped = _STAMP.sub(
        lambda found: f"{datetime.fromtimestamp(int(found[1])).astimezone():%H:%M:%S}", escaped
    )
    escaped = _CODE.sub(
        r"<code>\1</code>", _BOLD.sub(r"<b>\1</b>", _SUBTEXT.sub(r"<small>\1</small>", escaped))
    )
    escaped = _HIDDEN.sub(lambda found: literal[int(found[1])], escaped)
    return escaped.strip("\n").replace("\n", "<br>")
