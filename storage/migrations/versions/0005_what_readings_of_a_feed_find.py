"""What the readings of a feed find, for the next ones; what an outlet rewrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("content_hash", sa.String(length=16), nullable=True))
    op.add_column("articles", sa.Column("link_key", sa.String(length=32), nullable=True))
    op.add_column("articles", sa.Column("title_key", sa.String(length=32), nullable=True))
    op.create_index("ix_articles_feed_id_link_key", "articles", ["feed_id", "link_key"], unique=False)
    op.add_column("articles", sa.Column("image", sa.Text(), nullable=True))
    op.add_column("articles", sa.Column("enclosures", sa.JSON(), nullable=True))
    op.add_column("articles", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("feeds", sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("feeds", sa.Column("problem_told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("feeds", sa.Column("user_agent", sa.String(length=300), nullable=True))
    op.add_column("feeds", sa.Column("fallback", sa.String(length=2048), nullable=True))
    op.add_column("feeds", sa.Column("full_text", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("feeds", sa.Column("added_by", sa.BigInteger(), nullable=True))
    op.add_column("feeds", sa.Column("body_hash", sa.LargeBinary(), nullable=True))
    op.add_column("feeds", sa.Column("known_items", sa.LargeBinary(), nullable=True))
    op.add_column("feeds", sa.Column("habits", sa.JSON(), nullable=True))
    op.add_column("feeds", sa.Column("asked_s", sa.Double(), nullable=True))
    op.add_column("feeds", sa.Column("items_per_day", sa.Double(), nullable=True))
    op.add_column("feeds", sa.Column("window_s", sa.Double(), nullable=True))
    op.add_column("feeds", sa.Column("poll_every_s", sa.Double(), nullable=True))
    op.add_column("feeds", sa.Column("newest_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("feeds", sa.Column("gaps", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("feeds", sa.Column("moved_to", sa.String(length=2048), nullable=True))
    op.add_column(
        "feeds", sa.Column("moved_times", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("feeds", "moved_times")
    op.drop_column("feeds", "moved_to")
    op.drop_column("feeds", "gaps")
    op.drop_column("feeds", "newest_at")
    op.drop_column("feeds", "poll_every_s")
    op.drop_column("feeds", "window_s")
    op.drop_column("feeds", "items_per_day")
    op.drop_column("feeds", "asked_s")
    op.drop_column("feeds", "habits")
    op.drop_column("feeds", "known_items")
    op.drop_column("feeds", "body_hash")
    op.drop_column("feeds", "added_by")
    op.drop_column("feeds", "full_text")
    op.drop_column("feeds", "fallback")
    op.drop_column("feeds", "user_agent")
    op.drop_column("feeds", "problem_told_at")
    op.drop_column("feeds", "failing_since")
    op.drop_column("articles", "changed_at")
    op.drop_column("articles", "enclosures")
    op.drop_column("articles", "image")
    op.drop_index("ix_articles_feed_id_link_key", table_name="articles")
    op.drop_column("articles", "title_key")
    op.drop_column("articles", "link_key")
    op.drop_column("articles", "content_hash")
