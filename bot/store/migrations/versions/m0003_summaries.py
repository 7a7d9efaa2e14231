"""Summaries: who wants one, which were said for which day, what is muted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "subscriptions",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("at", sa.String(5), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("days", sa.String(32), nullable=False),
        sa.Column("hours", sa.Float, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
    )
    op.create_table(
        "summary_runs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("day", sa.String(40), nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(64)),
        sa.Column("held_until", sa.Float),
        sa.Column("began_at", sa.Float, nullable=False),
        sa.Column("message", sa.String(32)),
        sa.Column("revised_at", sa.Float),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("document", sa.Text),
    )
    op.create_index("summary_runs_by_day", "summary_runs", ["channel", "day"], unique=True)
    op.create_index("summary_runs_by_time", "summary_runs", ["due_at"])
    op.create_table(
        "mutes",
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("cause", sa.String(32), primary_key=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("muted_at", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("mutes")
    op.drop_table("summary_runs")
    op.drop_table("subscriptions")
