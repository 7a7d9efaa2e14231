"""Second opinions: what they cost each day, those under way, and the disagreements that came of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "opinion_days",
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("cents", sa.Integer, nullable=False),
    )
    op.create_table(
        "opinions",
        sa.Column("question", sa.String(32), primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message", sa.String(32)),
    )
    op.create_index("opinions_by_state", "opinions", ["state", "until"])
    op.create_table(
        "disagreements",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("found_at", sa.Float, nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("report", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("disagreements")
    op.drop_table("opinions")
    op.drop_table("opinion_days")
