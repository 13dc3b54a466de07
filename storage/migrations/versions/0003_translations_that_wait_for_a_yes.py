"""Translations of a query's words that wait for a person to say yes or no."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    identifier = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "term_candidates",
        sa.Column("id", identifier, nullable=False),
        sa.Column("subscription_id", identifier, nullable=False),
        sa.Column("term", sa.String(length=512), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("back", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("offer_id", sa.BigInteger(), nullable=True),
        sa.Column("prompt_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_term_candidates_subscription_id_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_candidates")),
        sa.UniqueConstraint(
            "subscription_id",
            "term",
            "language",
            name=op.f("uq_term_candidates_subscription_id_term_language"),
        ),
    )
    op.create_index("ix_term_candidates_prompt_id", "term_candidates", ["prompt_id"], unique=False)


def downgrade() -> None:
    op.drop_table("term_candidates")
