"""What is asked after an answer stands: a row for each witness, in place of one for second opinions alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the new table, and take the second opinions into it."""
    op.create_table(
        "witness_runs",
        sa.Column("question", sa.String(32), primary_key=True),
        sa.Column("witness", sa.String(16), primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("asked_at", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message", sa.String(32)),
    )
    op.create_index("witness_runs_by_state", "witness_runs", ["state", "until"])
    op.execute(
        "INSERT INTO witness_runs (question, witness, channel, asked_at, until, state, message) "
        "SELECT question, 'opinion', channel, asked_at, until, state, message FROM opinions"
    )
    op.drop_table("opinions")


def downgrade() -> None:
    """Make the old one again."""
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
    op.execute(
        "INSERT INTO opinions (question, channel, asked_at, until, state, message) "
        "SELECT question, channel, asked_at, until, state, message FROM witness_runs WHERE witness = 'opinion'"
    )
    op.drop_table("witness_runs")
