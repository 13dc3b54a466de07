"""The language the bot speaks in a chat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chats", sa.Column("language", sa.String(length=8), nullable=True))


def downgrade() -> None:
    op.drop_column("chats", "language")
