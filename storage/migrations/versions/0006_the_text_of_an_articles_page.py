"""The text of an article's own page, where a feed brings only its first lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("articles", sa.Column("body", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("articles", "body")
