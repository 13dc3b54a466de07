"""The tables.

Rows are read as plain objects and never changed outside `storage`: no relationship is declared, so that
nothing is loaded behind a caller's back.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

# Named constraints, so that a later migration can drop them on both databases.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows itself only for INTEGER


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware datetimes only, stored as UTC. SQLite would silently drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone can't be stored: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        date: Date,
        list[Any]: JSON(none_as_null=True),
        dict[str, Any]: JSON(none_as_null=True),
    }


class Leased(Base):
    """A row that one process holds for a while; whoever finds the lease run out may take it."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    lease_owner: Mapped[str | None] = mapped_column(String(64), default=None)
    lease_until: Mapped[datetime | None] = mapped_column(default=None)


class Feed(Leased):
    __tablename__ = "feeds"

    url: Mapped[str] = mapped_column(String(2048), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    country: Mapped[str | None] = mapped_column(String(8))
    tier: Mapped[str] = mapped_column(String(16))
    tags: Mapped[list[Any]] = mapped_column(default=list)
    interval_s: Mapped[int | None]
    # A feed that left feeds.yaml is kept, since its articles name it, but not polled.
    enabled: Mapped[bool] = mapped_column(Boolean, default=True)
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    next_poll_at: Mapped[datetime] = mapped_column(index=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[datetime | None]
    problem_told_at: Mapped[datetime | None]  # the operator was told that it fails or is stale
    last_polled_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]

    # As its owner asks for it.
    user_agent: Mapped[str | None] = mapped_column(String(300))
    fallback: Mapped[str | None] = mapped_column(String(2048))  # asked while the address itself refuses
    full_text: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    added_by: Mapped[int | None] = mapped_column(BigInteger)  # a Telegram user; None: feeds.yaml lists it

    # What the last readings found, for the next ones.
    body_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    known_items: Mapped[bytes | None] = mapped_column(LargeBinary)  # hashes of raw items, one after another
    habits: Mapped[dict[str, Any] | None]
    asked_s: Mapped[float | None] = mapped_column(Double)  # the interval that the feed itself asks for
    items_per_day: Mapped[float | None] = mapped_column(Double)
    window_s: Mapped[float | None] = mapped_column(Double)  # how long an item stays in the document
    poll_every_s: Mapped[float | None] = mapped_column(Double)  # as decided after the last poll
    newest_at: Mapped[datetime | None]  # when something new last came
    gaps: Mapped[int] = mapped_column(default=0, server_default=text("0"))  # items may have been missed
    moved_to: Mapped[str | None] = mapped_column(String(2048))  # permanently, its server says
    moved_times: Mapped[int] = mapped_column(default=0, server_default=text("0"))  # in a row


class ArticleState(StrEnum):
    NEW = "new"
    READY = "ready"


class TranslationState(StrEnum):
    UNDECIDED = "undecided"  # not looked at yet
    NOT_NEEDED = "not_needed"  # English already, or wanted by nobody
    PENDING = "pending"
    DONE = "done"


class Article(Leased):
    __tablename__ = "articles"
    __table_args__ = (
        UniqueConstraint("feed_id", "identity"),
        Index("ix_articles_feed_id_link_key", "feed_id", "link_key"),
        Index("ix_articles_state_id", "state", "id"),
        Index("ix_articles_translation_translate_after", "translation", "translate_after"),
        Index("ix_articles_wanted_fetched_at", "wanted", "fetched_at"),
    )

    feed_id: Mapped[int] = mapped_column(ForeignKey("feeds.id"))
    identity: Mapped[str] = mapped_column(String(64))  # of the item within its feed
    url: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)  # of its own page; "": none to be had; None: not asked for
    # By these an item is recognised whose feed has given it a new identity.
    link_key: Mapped[str | None] = mapped_column(String(32))
    title_key: Mapped[str | None] = mapped_column(String(32))
    content_hash: Mapped[str | None] = mapped_column(String(16))  # of title and summary: has it changed?
    image: Mapped[str | None] = mapped_column(Text)
    enclosures: Mapped[list[Any] | None]
    published_at: Mapped[datetime | None]
    fetched_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]  # its outlet rewrote it
    # Older than a day when first seen: kept and searchable, but nobody is alerted.
    backlog: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(8), default=ArticleState.NEW)
    attempts: Mapped[int] = mapped_column(default=0)
    language: Mapped[str | None] = mapped_column(String(8))
    wanted: Mapped[bool | None] = mapped_column(Boolean)
    translation: Mapped[str] = mapped_column(String(12), default=TranslationState.UNDECIDED)
    translate_after: Mapped[datetime | None]
    translate_attempts: Mapped[int] = mapped_column(default=0)
    english_title: Mapped[str | None] = mapped_column(Text)
    english_summary: Mapped[str | None] = mapped_column(Text)
    translator: Mapped[str | None] = mapped_column(String(32))
    story_id: Mapped[int | None] = mapped_column(ForeignKey("stories.id"), index=True)
    search_keys: Mapped[str] = mapped_column(Text, default="")  # word keys of original and English


class Story(Base):
    __tablename__ = "stories"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    created_at: Mapped[datetime]
    last_article_at: Mapped[datetime] = mapped_column(index=True)
    articles: Mapped[int] = mapped_column(default=0)


class StoryKey(Base):
    """What makes two articles copies of one another: a canonical link, or a normalised title."""

    __tablename__ = "story_keys"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"), index=True)
    seen_at: Mapped[datetime]


class ChatState(StrEnum):
    ACTIVE = "active"
    GONE = "gone"  # blocked, removed or deleted; the settings are kept
    CLOSED = "closed"  # the operator lets others in only; the settings are kept


class Chat(Base):
    """A place alerts go to: a private chat, a group, one topic of a forum, a channel, or the terminal."""

    __tablename__ = "chats"
    __table_args__ = (UniqueConstraint("platform", "chat_id", "thread_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    chat_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int] = mapped_column(BigInteger, default=0)  # 0: no topic
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(256), default="")
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    language: Mapped[str | None] = mapped_column(String(8))  # the bot speaks it; None: English, by default
    digest_time: Mapped[str | None] = mapped_column(String(5))  # HH:MM in the chat's own zone
    last_digest_date: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(8), default=ChatState.ACTIVE)
    created_at: Mapped[datetime]


class Query(Base):
    """One row a distinct query, however many chats subscribe to it."""

    __tablename__ = "queries"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    canonical: Mapped[str] = mapped_column(String(1024), unique=True)
    watched: Mapped[bool] = mapped_column(Boolean, default=False)  # by feeds.yaml
    created_at: Mapped[datetime]


class Subscription(Base):
    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("chat_id", "query_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"))
    query_id: Mapped[int] = mapped_column(ForeignKey("queries.id"), index=True)
    text: Mapped[str] = mapped_column(Text)  # as the person typed it
    created_at: Mapped[datetime]


class CandidateState(StrEnum):
    OFFERED = "offered"
    ADDED = "added"
    DROPPED = "dropped"


class TermCandidate(Base):
    """A translation of one term of a subscription's query. Only a person's yes brings it into the query."""

    __tablename__ = "term_candidates"
    __table_args__ = (UniqueConstraint("subscription_id", "term", "language"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"))
    term: Mapped[str] = mapped_column(String(512))  # as the canonical query has it
    language: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    back: Mapped[str | None] = mapped_column(Text)  # translated back into the term's language
    state: Mapped[str] = mapped_column(String(8), default=CandidateState.OFFERED)
    offer_id: Mapped[int | None] = mapped_column(BigInteger)  # the message with its buttons
    prompt_id: Mapped[int | None] = mapped_column(BigInteger, index=True)  # the message that asks for words
    created_at: Mapped[datetime]


class Match(Base):
    __tablename__ = "matches"
    __table_args__ = (UniqueConstraint("article_id", "query_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    query_id: Mapped[int] = mapped_column(ForeignKey("queries.id"), index=True)
    why: Mapped[list[Any]]
    created_at: Mapped[datetime]


class AlertKind(StrEnum):
    ALERT = "alert"
    EDIT = "edit"  # of the alert already sent


class AlertState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Alert(Leased):
    """The outbox. One row a chat, story and kind; the row is the promise that the message goes out."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("chat_id", "story_id", "kind"),
        Index("ix_alerts_state_not_before", "state", "not_before"),
        Index("ix_alerts_chat_id_created_at", "chat_id", "created_at"),
        Index("ix_alerts_chat_id_message_id", "chat_id", "message_id"),
    )

    chat_id: Mapped[int] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"))
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"), index=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    why: Mapped[list[Any]]  # [{"subscription": text, "id": of the subscription, "reasons": […]}]
    state: Mapped[str] = mapped_column(String(8), default=AlertState.PENDING)
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    in_english: Mapped[bool] = mapped_column(Boolean, default=False)  # what the reader has before him
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class SavedAlert(Base):
    """An alert that was put aside; it goes with its alert."""

    __tablename__ = "saved_alerts"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), unique=True)
    saved_at: Mapped[datetime]


class Mute(Base):
    """What a chat does not want to hear of: one of the three, for ever or until a time."""

    __tablename__ = "mutes"
    __table_args__ = (
        UniqueConstraint("chat_id", "story_id"),
        UniqueConstraint("chat_id", "feed_id"),
        UniqueConstraint("chat_id", "subscription_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    chat_id: Mapped[int] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"))
    story_id: Mapped[int | None] = mapped_column(ForeignKey("stories.id", ondelete="CASCADE"), index=True)
    feed_id: Mapped[int | None] = mapped_column(ForeignKey("feeds.id", ondelete="CASCADE"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="CASCADE"), index=True
    )
    until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Digest(Leased):
    """One row a chat and local day. At most once: one found in `sending` after a crash is not repeated."""

    __tablename__ = "digests"
    __table_args__ = (UniqueConstraint("chat_id", "local_date"),)

    chat_id: Mapped[int] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"))
    local_date: Mapped[date]
    since: Mapped[datetime]
    until: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8), default=AlertState.PENDING, index=True)
    not_before: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    stories: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class TranslationMemory(Base):
    __tablename__ = "translations"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(index=True)


class TranslatorBudget(Base):
    __tablename__ = "translator_budgets"

    provider: Mapped[str] = mapped_column(String(32), primary_key=True)
    next_at: Mapped[float] = mapped_column(Double)  # Unix time: the first place nobody has
    day: Mapped[date]  # of UTC
    characters: Mapped[int] = mapped_column(BigInteger)  # given away that day
    granted: Mapped[int] = mapped_column(BigInteger)  # by the last UPDATE, for its RETURNING


class TranslatorStatus(Base):
    __tablename__ = "translator_status"

    provider: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    last_error: Mapped[str | None] = mapped_column(Text)
    error_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
