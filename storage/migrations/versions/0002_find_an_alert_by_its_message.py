"""Find an alert by its message, for a reply to it."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_alerts_chat_id_message_id", "alerts", ["chat_id", "message_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_alerts_chat_id_message_id", table_name="alerts")
