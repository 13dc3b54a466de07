"""Articles: from `new`, as parsed, to `ready`, with their English, matches and story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, TextualSelect, delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.bulk import insert_rows
from storage.database import claim, insert_new
from storage.models import (
    Alert,
    AlertKind,
    Article,
    ArticleState,
    Feed,
    Match,
    TranslationState,
)

PAIRS_PER_QUERY = 512
STAYS_NEWS = timedelta(hours=24)  # for so long after it was first seen a rewritten article may be alerted


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An item of a feed, seen for the first time."""

    identity: str
    url: str | None
    title: str
    summary: str
    published_at: datetime | None
    backlog: bool
    content_hash: str | None = None
    link_key: str | None = None
    title_key: str | None = None
    image: str | None = None
    enclosures: tuple[Mapping[str, Any], ...] = ()


class Added(NamedTuple):
    """An article that was stored for the first time."""

    id: int
    feed_id: int
    identity: str


class Stored(NamedTuple):
    """What became of the items of several feeds: the new articles, and how many known ones were rewritten."""

    new: list[Added]
    changed: int


@dataclass(frozen=True, slots=True)
class English:
    """An article's translation.

    `translator` is the name of the one that made it, or two with a comma: the title's, the summary's.
    """

    title: str
    summary: str
    translator: str


@dataclass(frozen=True, slots=True)
class Untranslated:
    """An article that waits for its English; `readers`: how many chats have it in the original language."""

    id: int
    fetched_at: datetime
    backlog: bool
    attempts: int
    readers: int


_NEVER_SEEN_BEFORE: Final[dict[str, Any]] = {
    "state": ArticleState.NEW.value,
    "attempts": 0,
    "translation": TranslationState.UNDECIDED.value,
    "translate_attempts": 0,
    "search_keys": "",
}
_COLUMNS: Final = (
    "feed_id",
    "identity",
    "url",
    "title",
    "summary",
    "content_hash",
    "link_key",
    "title_key",
    "image",
    "enclosures",
    "published_at",
    "fetched_at",
    "backlog",
    *_NEVER_SEEN_BEFORE,
)


async def add(
    session: AsyncSession, feed_id: int, articles: Iterable[NewArticle], *, now: datetime
) -> list[Added]:
    """Stores those the feed has not brought before; gives only these."""
    return (await store(session, {feed_id: list(articles)}, now=now)).new


async def store(
    session: AsyncSession,
    items: Mapping[int, Sequence[NewArticle]],
    *,
    now: datetime,
    known: Mapping[int, Sequence[Known]] | None = None,
) -> Stored:
    """Stores the items of several feeds (by their ids): new ones as articles, known ones where they changed.

    An article that its outlet rewrote is looked at again unless somebody has been told of it; then its text
    is kept up to date, and a new title is translated anew. A date is never rewritten.

    Args:
        known: what `find_known` gave for these items in this transaction, if it was asked already.
    """
    there = {(row.feed_id, row.identity): row for several in (known or {}).values() for row in several}
    strangers = [
        (feed_id, article)
        for feed_id, several in items.items()
        for article in several
        if (feed_id, article.identity) not in there
    ]
    rows = [
        (
            feed_id,
            article.identity,
            article.url,
            article.title,
            article.summary,
            article.content_hash,
            article.link_key,
            article.title_key,
            article.image,
            [dict(each) for each in article.enclosures] or None,
            article.published_at,
            now,
            article.backlog,
            *_NEVER_SEEN_BEFORE.values(),
        )
        for feed_id, article in strangers
    ]
    new = [
        Added(*row)
        for row in await insert_rows(
            session,
            Article.__table__,  # type: ignore[arg-type]
            _COLUMNS,
            rows,
            conflict=("feed_id", "identity"),
            returning=Added._fields,
        )
    ]
    added = {(each.feed_id, each.identity) for each in new}
    missed: dict[int, tuple[list[str], list[str]]] = {}  # another worker was first, or nobody asked before
    for feed_id, article in strangers:
        if (feed_id, article.identity) not in added and article.content_hash is not None:
            missed.setdefault(feed_id, ([], []))[0].append(article.identity)
    for found in (await find_known(session, missed)).values():
        there.update(((row.feed_id, row.identity), row) for row in found)
    changed = 0
    for feed_id, several in items.items():
        for article in several:
            stored = there.get((feed_id, article.identity))
            if stored is not None and article.content_hash not in (None, stored.content_hash):
                changed += await _rewrite(session, stored, article, now)
    return Stored(new, changed)


class Known(NamedTuple):
    """An article that is stored: what it can be recognised by, and how far it has come."""

    id: int
    feed_id: int
    identity: str
    link_key: str | None
    title_key: str | None
    content_hash: str | None
    title: str
    state: str
    wanted: bool | None
    translation: str
    backlog: bool
    fetched_at: datetime


_KNOWN = tuple(getattr(Article, name) for name in Known._fields)


@lru_cache(maxsize=40)
def _of_pairs(column: str, count: int) -> TextualSelect:
    """Articles by pairs of a feed and a value. SQLite would search the whole table for `(a, b) IN (…)`; for a
    join it uses the index.
    """
    asked = ", ".join(f"(:f{number}, :v{number})" for number in range(count))
    columns = ", ".join(f"articles.{name}" for name in Known._fields)
    return text(
        f"WITH asked (feed_id, value) AS (VALUES {asked}) SELECT {columns} "  # noqa: S608
        f"FROM asked JOIN articles ON articles.feed_id = asked.feed_id AND articles.{column} = asked.value"
    ).columns(*_KNOWN)


async def find_known(
    session: AsyncSession, asked: Mapping[int, tuple[Sequence[str], Sequence[str]]]
) -> dict[int, list[Known]]:
    """Of several feeds (by their ids) the articles with these identities or link keys, oldest first."""
    found: dict[int, Known] = {}
    for column, which in (("identity", 0), ("link_key", 1)):
        pairs = [(feed_id, value) for feed_id, values in asked.items() for value in values[which]]
        for start in range(0, len(pairs), PAIRS_PER_QUERY):
            chunk = pairs[start : start + PAIRS_PER_QUERY]
            # Few different statements: the last pair stands for those that are missing.
            size = 1 << (len(chunk) - 1).bit_length()
            chunk += [chunk[-1]] * (size - len(chunk))
            values = {
                f"{name}{n}": value
                for n, pair in enumerate(chunk)
                for name, value in zip("fv", pair, strict=True)
            }
            found.update(
                (row.id, Known(*row)) for row in await session.execute(_of_pairs(column, size), values)
            )
    by_feed: dict[int, list[Known]] = {}
    for id_ in sorted(found):
        by_feed.setdefault(found[id_].feed_id, []).append(found[id_])
    return by_feed


async def with_titles(session: AsyncSession, feed_id: int, title_keys: Sequence[str]) -> list[Known]:
    """The feed's articles that have one of these titles. Walks through all of the feed's: ask seldom."""
    rows = await session.execute(
        select(*_KNOWN)
        .where(Article.feed_id == feed_id, Article.title_key.in_(title_keys[:PAIRS_PER_QUERY]))
        .order_by(Article.id)
    )
    return [Known(*row) for row in rows]


async def _rewrite(session: AsyncSession, row: Known, item: NewArticle, now: datetime) -> bool:
    """Takes over what changed in a known item; gives whether anything had."""
    values: dict[str, Any] = {"content_hash": item.content_hash}
    rewritten = row.content_hash is not None  # else it was stored before hashes were kept
    if rewritten:
        values |= {"title": item.title, "summary": item.summary, "changed_at": now}
        if row.state == ArticleState.READY and not row.wanted:
            # Nobody is woken by a comma in last week's news.
            old = row.backlog or now - row.fetched_at > STAYS_NEWS
            # Its page will have changed as well, and is read again where the feed is read with full text.
            values |= {"state": ArticleState.NEW, "attempts": 0, "backlog": old, "body": None}
        elif row.translation == TranslationState.DONE and row.title != item.title:
            values |= {"translation": TranslationState.PENDING, "translate_after": now}
    await session.execute(
        update(Article)
        .where(Article.id == row.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return rewritten


async def claim_new(
    session: AsyncSession, *, now: datetime, limit: int, owner: str, lease_s: float
) -> list[Article]:
    """Takes articles nobody has looked at, the oldest first."""
    return await claim(
        session,
        Article,
        where=Article.state == ArticleState.NEW,
        order_by=[Article.id.expression],
        limit=limit,
        owner=owner,
        now=now,
        lease_s=lease_s,
        values={"attempts": Article.attempts + 1},
    )


async def set_body(session: AsyncSession, article_id: int, body: str) -> None:
    """The text of its own page, "" when there is none to be had; whoever takes new articles may take it."""
    await _update(session, [article_id], body=body, attempts=0)


async def untranslated(session: AsyncSession, *, now: datetime, limit: int) -> list[Untranslated]:
    """Articles that went out untranslated, are due for another try and held by nobody.

    The newest so many; what was old when first seen comes after all others.
    """
    readers = (
        select(func.count())
        .select_from(Alert)
        .where(Alert.article_id == Article.id, Alert.kind == AlertKind.ALERT, Alert.in_english.is_(False))
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Article.id, Article.fetched_at, Article.backlog, Article.translate_attempts, readers)
        .where(_waits_for_english(), Article.translate_after <= now)
        .where(Article.lease_until.is_(None) | (Article.lease_until < now))
        .order_by(Article.backlog, Article.id.desc())
        .limit(limit)
    )
    return [Untranslated(*row) for row in rows]


async def claim_untranslated(
    session: AsyncSession, ids: Sequence[int], *, now: datetime, owner: str, lease_s: float
) -> list[Article]:
    """Takes these untranslated articles, those that still wait and nobody else has taken, in this order."""
    claimed = await claim(
        session,
        Article,
        where=Article.id.in_(ids) & _waits_for_english(),
        order_by=[Article.id.expression],
        limit=len(ids),
        owner=owner,
        now=now,
        lease_s=lease_s,
    )
    return sorted(claimed, key=lambda article: ids.index(article.id))


def _waits_for_english() -> ColumnElement[bool]:
    return (Article.state == ArticleState.READY) & (Article.translation == TranslationState.PENDING)


async def finish_unwanted(session: AsyncSession, languages: Mapping[int, str]) -> None:
    """Articles (id → language) that no query wants: ready, not translated."""
    by_language: dict[str, list[int]] = {}
    for article_id, language in languages.items():
        by_language.setdefault(language, []).append(article_id)
    for language, ids in by_language.items():
        await _update(
            session,
            ids,
            state=ArticleState.READY,
            language=language,
            wanted=False,
            translation=TranslationState.NOT_NEEDED,
        )


async def finish_wanted(
    session: AsyncSession,
    article_id: int,
    *,
    language: str,
    english: English | None,
    translate_after: datetime | None,
    story_id: int,
    search_keys: str,
) -> None:
    """An article some query wants: ready, with its story.

    `english` is None for an article in English, or one whose translation failed; the latter has
    `translate_after`, the time of the next try.
    """
    if english is not None:
        translation = TranslationState.DONE
    elif translate_after is not None:
        translation = TranslationState.PENDING
    else:
        translation = TranslationState.NOT_NEEDED
    await _update(
        session,
        [article_id],
        state=ArticleState.READY,
        language=language,
        wanted=True,
        translation=translation,
        translate_after=translate_after,
        story_id=story_id,
        search_keys=search_keys,
        **_english_values(english),
    )


async def give_up(session: AsyncSession, article_id: int) -> None:
    """An article our own code fails on again and again: ready as it is, so that it blocks nobody."""
    await _update(
        session,
        [article_id],
        state=ArticleState.READY,
        wanted=False,
        translation=TranslationState.NOT_NEEDED,
    )


async def set_english(session: AsyncSession, article_id: int, english: English, *, search_keys: str) -> None:
    """The translation that came late."""
    await _update(
        session,
        [article_id],
        translation=TranslationState.DONE,
        translate_after=None,
        search_keys=search_keys,
        **_english_values(english),
    )


async def postpone_translation(
    session: AsyncSession, article_id: int, translate_after: datetime | None
) -> None:
    """The translation failed again; None: it is not tried any more."""
    await _update(
        session,
        [article_id],
        translate_after=translate_after,
        translate_attempts=Article.translate_attempts + 1,
    )


def _english_values(english: English | None) -> dict[str, Any]:
    if english is None:
        return {}
    return {
        "english_title": english.title,
        "english_summary": english.summary,
        "translator": english.translator,
    }


async def _update(session: AsyncSession, ids: Sequence[int], **values: Any) -> None:
    await session.execute(
        update(Article)
        .where(Article.id.in_(ids))
        .values(lease_owner=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )


async def add_matches(
    session: AsyncSession, article_id: int, why: Mapping[int, list[Any]], *, now: datetime
) -> set[int]:
    """Stores what matched (query id → reasons); gives the ids of the queries that are new to the article."""
    rows = [
        {"article_id": article_id, "query_id": query_id, "why": reasons, "created_at": now}
        for query_id, reasons in why.items()
    ]
    return {match.query_id for match in await insert_new(session, Match, rows, ["article_id", "query_id"])}


async def forget_unwanted(session: AsyncSession, *, before: datetime) -> int:
    """Empties unwanted articles last seen before a time. The row stays: the item must not come back."""
    stale = (
        select(Article.id)
        .where(Article.wanted.is_(False), Article.fetched_at < before)
        .where((Article.title != "") | (Article.summary != ""))
        .limit(5000)
    )
    ids = list(await session.scalars(stale))
    if ids:
        await _update(session, ids, title="", summary="", body=None, url=None)
        await session.execute(delete(Match).where(Match.article_id.in_(ids)))
    return len(ids)


async def count_read(session: AsyncSession, *, since: datetime) -> int:
    """How many articles were first seen since a time and have been looked at."""
    # Not "whatever it is": with the two values, the index on (wanted, fetched_at) answers.
    statement = select(func.count()).where(Article.wanted.in_([True, False]), Article.fetched_at >= since)
    return (await session.scalars(statement)).one()


async def read_before(
    session: AsyncSession, before_id: int | None, *, limit: int
) -> list[tuple[Article, Feed]]:
    """Articles that have been looked at, wanted or not, the newest first, from below an id.

    By id, since ids follow the order in which articles were first seen: no sorting, whatever the limit.
    """
    statement = (
        select(Article, Feed)
        .join(Feed, Feed.id == Article.feed_id)
        .where(Article.state == ArticleState.READY)
        .order_by(Article.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        statement = statement.where(Article.id < before_id)
    return [(article, feed) for article, feed in await session.execute(statement)]
