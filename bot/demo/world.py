"""The outside world of `rarewatch demo`, on loopback: a site with feeds and articles, and a translator.

One aiohttp server on 127.0.0.1 at a free port:

    /feeds/<outlet>.xml            RSS 2.0 or Atom, with ETag, Last-Modified and 304
    /articles/<article>            the page a link leads to
    /libretranslate/translate      LibreTranslate's protocol over the prepared reference translations
    /libretranslate/languages

It is as strict as the things it stands for: an unpublished article is 404, a text without a reference is an
error and never an echo.
"""

from __future__ import annotations

import hashlib
import html
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape

from aiohttp import web

from bot.demo.prepared import Prepared
from bot.demo.samples import LANGUAGES, Article, Outlet, Samples, load_samples

INDONESIAN_DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
INDONESIAN_MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip
INDONESIAN_ZONES = {7: "WIB", 8: "WITA", 9: "WIT"}
RUSSIAN_DAYS = ("Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс")
RUSSIAN_MONTHS = ("янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
LANGUAGE_NAMES = {"id": "Indonesian", "ru": "Russian", "en": "English"}


@dataclass(frozen=True, slots=True)
class DemoFeed:
    """One sample feed, with the fields that feeds.yaml has for it."""

    url: str
    name: str
    language: str
    country: str
    tier: str
    tags: tuple[str, ...]


@dataclass(slots=True)
class Requests:
    """How often each thing was asked for."""

    polls: int = 0
    not_modified: int = 0  # of the polls
    pages: int = 0
    translations: int = 0  # answered with a translation
    refused_translations: int = 0  # answered with an error


class DemoWorld:
    """The loopback world, running within `async with`.

    Args:
        now: the time (aware) to which the first articles' ages count.
        samples: other articles than the demo's own.
    """

    def __init__(self, *, now: datetime, samples: Samples | None = None) -> None:
        self.samples = samples or load_samples()
        self.requests = Requests()
        self._outlets = {outlet.id: outlet for outlet in self.samples.outlets}
        self._published: dict[str, datetime] = {}  # article id → when
        for article in self.samples.first:
            self._published[article.id] = now - timedelta(minutes=article.minutes_ago or 0)
        self._later = deque(self.samples.later)
        self._changed = dict.fromkeys(self._outlets, now)
        self._translator_down = False
        self._prepared = Prepared(self.samples)
        self._runner: web.AppRunner | None = None
        self._origin = ""

    @property
    def feeds(self) -> tuple[DemoFeed, ...]:
        """The feeds to watch. Known once the server runs."""
        return tuple(
            DemoFeed(
                url=f"{self._origin}/feeds/{outlet.id}.xml",
                name=outlet.name,
                language=outlet.language,
                country=outlet.country,
                tier=outlet.tier,
                tags=outlet.tags,
            )
            for outlet in self.samples.outlets
        )

    @property
    def translator_url(self) -> str:
        """For RAREWATCH_LIBRETRANSLATE_URL; no key is asked for. Known once the server runs."""
        return f"{self._origin}/libretranslate/"

    @property
    def waiting(self) -> int:
        """How many articles are still to be published."""
        return len(self._later)

    def publish(self, count: int, *, now: datetime | None = None) -> tuple[Article, ...]:
        """Let the next `count` articles appear in their feeds; fewer when no more are left.

        They are dated `now`, by default this moment, as an outlet's own clock would.
        """
        now = now or datetime.now(UTC)
        released = tuple(self._later.popleft() for _ in range(min(count, len(self._later))))
        for article in released:
            self._published[article.id] = now
            self._changed[article.outlet] = now
        return released

    def set_translator(self, *, down: bool) -> None:
        """Switch the translator off (it answers 503) or on."""
        self._translator_down = down

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/feeds/{outlet}.xml", self._feed)
        app.router.add_get("/articles/{article}", self._article)
        app.router.add_post("/libretranslate/translate", self._translate)
        app.router.add_get("/libretranslate/languages", self._languages)
        # Texts travel in the address, 6 bytes a Cyrillic letter; aiohttp's own limit is 8,190 bytes.
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, max_line_size=65_536)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._runner = runner
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _feed(self, request: web.Request) -> web.Response:
        outlet = self._outlets.get(request.match_info["outlet"])
        if outlet is None:
            raise web.HTTPNotFound(text="no such feed")
        self.requests.polls += 1
        body = self._document(outlet)
        etag = hashlib.sha256(body).hexdigest()[:32]
        changed = self._changed[outlet.id].astimezone(UTC).replace(microsecond=0)
        headers = {"ETag": f'"{etag}"', "Last-Modified": format_datetime(changed, usegmt=True)}
        if _not_modified(request, etag, changed):
            self.requests.not_modified += 1
            return web.Response(status=304, headers=headers)
        kind = "atom" if outlet.format == "atom" else "rss"
        headers["Content-Type"] = f"application/{kind}+xml; charset={outlet.encoding}"
        return web.Response(body=body, headers=headers)

    def _document(self, outlet: Outlet) -> bytes:
        newest_first = sorted(
            (
                (self._published[article.id], article)
                for article in self.samples.articles
                if article.outlet == outlet.id and article.id in self._published
            ),
            key=lambda pair: pair[0],
            reverse=True,
        )
        write = atom if outlet.format == "atom" else rss
        return write(outlet, newest_first, origin=self._origin, changed=self._changed[outlet.id])

    async def _article(self, request: web.Request) -> web.Response:
        found = [
            article
            for article in self.samples.articles
            if article.id == request.match_info["article"] and article.id in self._published
        ]
        if not found:
            raise web.HTTPNotFound(text="no such article")
        self.requests.pages += 1
        article = found[0]
        return web.Response(text=page(article, self._outlets[article.outlet]), content_type="text/html")

    async def _languages(self, request: web.Request) -> web.Response:
        return web.json_response(
            [{"code": code, "name": LANGUAGE_NAMES[code], "targets": ["en"]} for code in LANGUAGES]
        )

    async def _translate(self, request: web.Request) -> web.Response:
        """As deep-translator asks: everything in the query string."""
        if self._translator_down:
            return self._refuse(503, "Service unavailable")
        wish = request.query
        for field in ("q", "source", "target"):
            if not wish.get(field):
                return self._refuse(400, f"Invalid request: missing {field} parameter")
        if wish["source"] not in LANGUAGES:
            return self._refuse(400, f"{wish['source']} is not supported")
        if wish["target"] != "en":
            return self._refuse(400, f"{wish['target']} is not supported")
        if wish.get("format", "text") != "text":
            return self._refuse(400, f"{wish['format']} format is not supported")
        english = self._prepared.english(wish["q"], wish["source"])
        if english is None:
            return self._refuse(404, "no reference translation for this text")
        self.requests.translations += 1
        return web.json_response({"translatedText": english})

    def _refuse(self, status: int, error: str) -> web.Response:
        self.requests.refused_translations += 1
        return web.json_response({"error": error}, status=status)


def rss(
    outlet: Outlet, articles: Sequence[tuple[datetime, Article]], *, origin: str, changed: datetime
) -> bytes:
    """The outlet's feed as RSS 2.0, in its own encoding."""
    items = "".join(
        f"""    <item>
      <title>{escape(article.title)}</title>
      <link>{origin}/articles/{article.id}</link>
      <guid isPermaLink="false">{outlet.id}:{article.id}</guid>
      <pubDate>{local_date(published, outlet)}</pubDate>
      <description>{_description(article, outlet)}</description>
    </item>
"""
        for published, article in articles
    )
    return f"""<?xml version="1.0" encoding="{outlet.encoding}"?>
<rss version="2.0">
  <channel>
    <title>{escape(outlet.name)}</title>
    <link>{origin}/</link>
    <description>{escape(outlet.name)}</description>
    <language>{outlet.language}</language>
    <lastBuildDate>{local_date(changed, outlet)}</lastBuildDate>
{items}  </channel>
</rss>
""".encode(outlet.encoding)


def atom(
    outlet: Outlet, articles: Sequence[tuple[datetime, Article]], *, origin: str, changed: datetime
) -> bytes:
    """The outlet's feed as Atom."""

    def moment(when: datetime) -> str:
        return when.astimezone(outlet.zone).isoformat(timespec="seconds")

    entries = "".join(
        f"""  <entry>
    <title>{escape(article.title)}</title>
    <id>tag:{outlet.id}.example,2026:{article.id}</id>
    <link rel="alternate" href="{origin}/articles/{article.id}"/>
    <published>{moment(published)}</published>
    <updated>{moment(published)}</updated>
    <summary>{escape(article.summary)}</summary>
  </entry>
"""
        for published, article in articles
    )
    return f"""<?xml version="1.0" encoding="{outlet.encoding}"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{outlet.language}">
  <title>{escape(outlet.name)}</title>
  <id>tag:{outlet.id}.example,2026:feed</id>
  <author><name>{escape(outlet.name)}</name></author>
  <link rel="self" href="{origin}/feeds/{outlet.id}.xml"/>
  <updated>{moment(changed)}</updated>
{entries}</feed>
""".encode(outlet.encoding)


def local_date(moment: datetime, outlet: Outlet) -> str:
    """The date as this outlet writes it, in its own zone."""
    local = moment.astimezone(outlet.zone)
    match outlet.dates:
        case "indonesian":
            hours = int((local.utcoffset() or timedelta()).total_seconds() // 3600)
            zone = INDONESIAN_ZONES.get(hours, f"{local:%z}")
            day, month = INDONESIAN_DAYS[local.weekday()], INDONESIAN_MONTHS[local.month - 1]
            return f"{day}, {local.day} {month} {local:%Y %H:%M:%S} {zone}"
        case "russian":
            day, month = RUSSIAN_DAYS[local.weekday()], RUSSIAN_MONTHS[local.month - 1]
            return f"{day}, {local:%d} {month} {local:%Y %H:%M:%S %z}"
        case _:
            return format_datetime(local)


def page(article: Article, outlet: Outlet) -> str:
    """The page an alert's link opens."""
    title, summary, name = (html.escape(text) for text in (article.title, article.summary, outlet.name))
    return f"""<!doctype html>
<html lang="{article.language}">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<p>{name}</p>
<h1>{title}</h1>
<p>{summary}</p>
<hr>
<p lang="en">A sample article, written for the demo of Rarewatch. None of this is news.</p>
</body>
</html>
"""


def _description(article: Article, outlet: Outlet) -> str:
    if outlet.markup:
        return f"<![CDATA[<p>{html.escape(article.summary)}</p>]]>"
    return escape(article.summary)


def _not_modified(request: web.Request, etag: str, changed: datetime) -> bool:
    """RFC 9110, 13.2.2: If-None-Match is judged first, and alone when it is there."""
    if request.if_none_match:
        return any(tag.value in (etag, "*") for tag in request.if_none_match)
    since = request.headers.get("If-Modified-Since")
    if since is None:
        return False
    try:
        return changed <= parsedate_to_datetime(since)
    except (ValueError, TypeError):  # an invalid date is ignored, 13.1.3; a naive one can't be compared
        return False
