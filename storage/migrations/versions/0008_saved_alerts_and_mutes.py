"""Alerts that were put aside, and what a chat does not want to hear of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "saved_alerts",
        sa.Column("id", identifier, nullable=False),
        sa.Column("alert_id", identifier, nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_saved_alerts_alert_id_alerts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_alerts")),
        sa.UniqueConstraint("alert_id", name=op.f("uq_saved_alerts_alert_id")),
    )
    op.create_table(
        "mutes",
        sa.Column("id", identifier, nullable=False),
        sa.Column("chat_id", identifier, nullable=False),
        sa.Column("story_id", identifier, nullable=True),
        sa.Column("feed_id", identifier, nullable=True),
        sa.Column("subscription_id", identifier, nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["chat_id"], ["chats.id"], name=op.f("fk_mutes_chat_id_chats"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["story_id"], ["stories.id"], name=op.f("fk_mutes_story_id_stories"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feeds.id"], name=op.f("fk_mutes_feed_id_feeds"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_mutes_subscription_id_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
        sa.UniqueConstraint("chat_id", "story_id", name=op.f("uq_mutes_chat_id_story_id")),
        sa.UniqueConstraint("chat_id", "feed_id", name=op.f("uq_mutes_chat_id_feed_id")),
        sa.UniqueConstraint("chat_id", "subscription_id", name=op.f("uq_mutes_chat_id_subscription_id")),
    )
    op.create_index("ix_mutes_story_id", "mutes", ["story_id"], unique=False)
    op.create_index("ix_mutes_feed_id", "mutes", ["feed_id"], unique=False)
    op.create_index("ix_mutes_subscription_id", "mutes", ["subscription_id"], unique=False)


def downgrade() -> None:
    op.drop_table("mutes")
    op.drop_table("saved_alerts")
