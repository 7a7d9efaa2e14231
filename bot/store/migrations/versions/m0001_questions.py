"""Questions, and the deliveries that were seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "questions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("team", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("thread", sa.String(32), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("surface", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("holder", sa.String(64)),
        sa.Column("held_until", sa.Float),
        sa.Column("progress", sa.String(32)),
        sa.Column("reply", sa.String(32)),
        sa.Column("verdict", sa.String(16)),
        sa.Column("headline", sa.Text),
        sa.Column("answer", sa.Text),
    )
    op.create_index("questions_by_thread", "questions", ["channel", "thread", "asked_at"])
    op.create_index("questions_by_person", "questions", ["person", "asked_at"])
    op.create_index("questions_by_state", "questions", ["state", "held_until"])
    op.create_table(
        "deliveries",
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("seen_at", sa.Float, nullable=False),
    )
    op.create_index("deliveries_by_time", "deliveries", ["seen_at"])


def downgrade() -> None:
    """Remove them."""
    op.drop_table("deliveries")
    op.drop_table("questions")
