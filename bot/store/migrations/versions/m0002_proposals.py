"""Proposals of fixes, decisions about them, their messages, the ledger and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and the head of an empty audit log."""
    op.create_table(
        "proposals",
        sa.Column("id", sa.String(18), primary_key=True),
        sa.Column("question_ref", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("needed", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("changed_at", sa.Float, nullable=False),
        sa.Column("undo_after", sa.Integer),
        sa.Column("undo_at", sa.Float),
        sa.Column("holder", sa.String(64)),
        sa.Column("held_until", sa.Float),
        sa.Column("outcome", sa.Text),
    )
    op.create_index("proposals_by_question", "proposals", ["question_ref"])
    op.create_index("proposals_by_state", "proposals", ["state", "expires_at"])
    op.create_table(
        "decisions",
        _proposal(),
        sa.Column("person", sa.String(32), primary_key=True),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("undo_after", sa.Integer),
    )
    op.create_table(
        "proposal_messages",
        _proposal(),
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("ts", sa.String(32), primary_key=True),
    )
    op.create_table(
        "ledger",
        _proposal(),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("deed", sa.String(8), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "number": 0, "hash": "0" * 64}])


def _proposal() -> sa.Column[str]:
    return sa.Column("proposal", sa.String(18), sa.ForeignKey("proposals.id", ondelete="CASCADE"), primary_key=True)


def downgrade() -> None:
    """Remove them."""
    for table in ("audit_head", "audit", "ledger", "proposal_messages", "decisions", "proposals"):
        op.drop_table(table)
