"""The page: the newest articles, and whether the service is alive. Server-rendered; no script."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.delivery.render import clean, cut, language_name, local_time, safe_url
from bot.feed_states import FeedState, feed_states, summary, worst_first
from bot.translation.credits import translated_by
from storage import feeds as stored_feeds
from storage import search
from storage.database import Database
from storage.models import Article, Feed

ARTICLES_SHOWN = 50
FEEDS_SHOWN = 300  # at a time
SUMMARY_CHARS = 300
PROBLEM_CHARS = 500
DATABASE_AWAY = "The database can't be reached now. Try again in a minute."
# Nothing from elsewhere is loaded, and no script runs, whatever a feed has put into a title.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class ArticleItem:
    """An article as the page shows it."""

    title: str
    original: str | None
    language: str
    summary: str
    url: str | None
    origin: str


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A feed as the page shows it; times in UTC, "" when there is none yet."""

    name: str
    state: str
    troubled: bool
    read: str
    next: str
    problem: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to other feeds than those shown; `url` "" for what is shown."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class FeedsSection:
    """How the feeds stand: a portion of them, and what else there is. `chosen`: somebody asked for it."""

    summary: str
    items: tuple[FeedItem, ...]
    states: tuple[Choice, ...] = ()
    portions: tuple[Choice, ...] = ()
    chosen: bool = False


def build_page(
    database: Database,
    *,
    token: str | None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    counted: Callable[[], Mapping[str, int]] = dict,
) -> Starlette:
    """The web application.

    Args:
        clock: gives now, aware.
        token: asked for (``?token=…`` or ``Authorization: Bearer …``) by every page but ``/healthz``;
            None: open to whoever can reach the port.
        counted: what this process has done; told by ``/healthz`` to those who may see the rest.
    """
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    archive = templates.get_template("archive.html")

    async def show_archive(request: Request) -> Response:
        if token is not None and not _may_enter(request, token):
            return PlainTextResponse("This page needs its token: ?token=…", 401, headers=HEADERS)
        try:
            async with database.read() as session:
                rows = await search.newest(session, limit=ARTICLES_SHOWN)
                states = await feed_states(session, now=clock())
        except (SQLAlchemyError, OSError):
            return PlainTextResponse(DATABASE_AWAY, 503, headers=HEADERS)
        items = [article_item(article, feed) for article, feed in rows]
        feeds = feeds_section(states, dict(request.query_params))
        return HTMLResponse(archive.render(items=items, feeds=feeds), headers=HEADERS)

    async def show_health(request: Request) -> Response:
        try:
            async with database.read() as session:
                counts = await stored_feeds.counts(session)
        except (SQLAlchemyError, OSError):
            return JSONResponse({"status": "the database can't be reached"}, 503, headers=HEADERS)
        health: dict[str, Any] = {"status": "ok", "feeds": counts.enabled, "failing": counts.failing}
        done = counted()
        if done and (token is None or _may_enter(request, token)):
            health["counted"] = dict(done)
        return JSONResponse(health, headers=HEADERS)

    return Starlette(routes=[Route("/", show_archive), Route("/healthz", show_health)])


def article_item(article: Article, feed: Feed) -> ArticleItem:
    """The view of an article; all of it plain text, escaped by the template."""
    translated = article.english_title is not None
    summary = (article.english_summary or "") if translated else article.summary
    moment = local_time(article.published_at or article.fetched_at, "UTC")
    origin = [feed.name, moment]
    if translated:
        language, who = language_name(article.language), translated_by(article.translator)
        origin.append(f"{language}, translated by {who}" if who else language)
    elif article.language != "en":
        origin.append(f"{language_name(article.language)}, not translated yet")
    return ArticleItem(
        title=clean(article.english_title or article.title) or "(no title)",
        original=clean(article.title) if translated else None,
        language=article.language or "",
        summary=cut(clean(summary), SUMMARY_CHARS),
        url=safe_url(article.url),
        origin=clean(" · ".join(part for part in origin if part)),
    )


def feeds_section(states: Sequence[FeedState], asked: Mapping[str, str]) -> FeedsSection:
    """The view of the feeds, those that need somebody first; all of it plain text.

    Args:
        asked: the address's parameters: `state` and `portion` (from 1) choose the feeds; the others are kept
            in the links. What is nonsense chooses nothing.
    """
    ordered = worst_first(states)
    there = Counter(state.health.state.value for state in ordered)
    state = asked.get("state", "")
    state = state if state in there else ""
    chosen = [one for one in ordered if not state or one.health.state.value == state]
    number = asked.get("portion", "")
    last = max(1, -(-len(chosen) // FEEDS_SHOWN))
    portion = min(int(number), last) if number.isascii() and number.isdecimal() and 0 < len(number) < 9 else 1
    first = (max(portion, 1) - 1) * FEEDS_SHOWN

    def link(text: str, *, to: str, from_: int = 0) -> Choice:
        kept = {name: value for name, value in asked.items() if name not in ("state", "portion")}
        if to:
            kept["state"] = to
        if from_:
            kept["portion"] = str(from_ // FEEDS_SHOWN + 1)
        here = (to, from_) == (state, first)
        return Choice(text, "" if here else f"?{urlencode(kept)}#feeds")

    choices = [link(f"all {len(ordered)}", to="")]
    choices += [link(f"{name} {count}", to=name) for name, count in there.items()]
    begins = range(0, len(chosen), FEEDS_SHOWN)
    return FeedsSection(
        summary(states),
        tuple(map(_feed_item, chosen[first : first + FEEDS_SHOWN])),
        states=tuple(choices) if len(there) > 1 else (),
        portions=tuple(
            link(f"{begin + 1}–{min(begin + FEEDS_SHOWN, len(chosen))}", to=state, from_=begin)
            for begin in begins
        )
        if len(begins) > 1
        else (),
        chosen=bool({"state", "portion"} & asked.keys()),
    )


def _feed_item(state: FeedState) -> FeedItem:
    feed = state.feed
    return FeedItem(
        name=clean(feed.name),
        state=state.health.state.value,
        troubled=state.health.troubled,
        read=local_time(feed.last_success_at, "UTC") if feed.last_success_at else "",
        next=local_time(feed.next_poll_at, "UTC"),
        problem=cut(clean(state.sentence), PROBLEM_CHARS),
    )


def _may_enter(request: Request, token: str) -> bool:
    given = request.query_params.get("token") or request.headers.get("authorization", "").removeprefix(
        "Bearer "
    )
    return secrets.compare_digest(given.encode(), token.encode())
