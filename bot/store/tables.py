"""The tables. A change of them is a migration in `migrations/versions`, and a test compares the two."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

questions = Table(
    "questions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("team", String(32), nullable=False),
    Column("channel", String(32), nullable=False),
    Column("thread", String(32), nullable=False),
    Column("person", String(32), nullable=False),
    Column("surface", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("holder", String(64)),
    Column("held_until", Float),
    Column("progress", String(32)),
    Column("reply", String(32)),
    Column("verdict", String(16)),
    Column("headline", Text),
    Column("answer", Text),
    Index("questions_by_thread", "channel", "thread", "asked_at"),
    Index("questions_by_person", "person", "asked_at"),
    Index("questions_by_state", "state", "held_until"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("seen_at", Float, nullable=False),
    Index("deliveries_by_time", "seen_at"),
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", String(18), primary_key=True),
    Column("question_ref", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("undo_after", Integer),
    Column("undo_at", Float),
    Column("holder", String(64)),
    Column("held_until", Float),
    Column("outcome", Text),
    Index("proposals_by_question", "question_ref"),
    Index("proposals_by_state", "state", "expires_at"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("proposal", String(18), ForeignKey("proposals.id", ondelete="CASCADE"), primary_key=True),
    Column("person", String(32), primary_key=True),
    Column("verdict", String(8), nullable=False),
    Column("at", Float, nullable=False),
    Column("reason", Text),
    Column("undo_after", Integer),
)
"""Each person decides once about a proposal."""

proposal_messages = Table(
    "proposal_messages",
    metadata,
    Column("proposal", String(18), ForeignKey("proposals.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", String(32), primary_key=True),
    Column("ts", String(32), primary_key=True),
)

ledger = Table(
    "ledger",
    metadata,
    Column("proposal", String(18), ForeignKey("proposals.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("deed", String(8), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("at", Float, nullable=False),
    Column("entry", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    Column("record", Text, nullable=False),
)
"""Rows are added and, once they are old enough, deleted from the front; none is ever changed."""

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
"""One row: the last record. Whoever adds one locks it first."""
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("at", String(5), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("days", String(32), nullable=False),
    Column("hours", Float, nullable=False),
    Column("scope", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("person", String(32), nullable=False),
    Column("changed_at", Float, nullable=False),
)

summary_runs = Table(
    "summary_runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("day", String(40), nullable=False),
    Column("due_at", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("holder", String(64)),
    Column("held_until", Float),
    Column("began_at", Float, nullable=False),
    Column("message", String(32)),
    Column("revised_at", Float),
    Column("notes", Text, nullable=False),
    Column("document", Text),
    Index("summary_runs_by_day", "channel", "day", unique=True),
    Index("summary_runs_by_time", "due_at"),
)

summary_groups = Table(
    "summary_groups",
    metadata,
    Column("run", String(32), primary_key=True),
    Column("packed", LargeBinary, nullable=False),
)
"""All groups of the last few runs of each channel, packed."""

mutes = Table(
    "mutes",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("cause", String(32), primary_key=True),
    Column("label", Text, nullable=False),
    Column("until", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", String(32), nullable=False),
    Column("muted_at", Float, nullable=False),
)

opinion_days = Table(
    "opinion_days",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("cents", Integer, nullable=False),
)
"""What second opinions have cost on a day, by its ISO date in UTC."""

witness_runs = Table(
    "witness_runs",
    metadata,
    Column("question", String(32), primary_key=True),
    Column("witness", String(16), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("message", String(32)),
    Index("witness_runs_by_state", "state", "until"),
)
"""The last time that each witness was asked about each question after its answer."""

disagreements = Table(
    "disagreements",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("found_at", Float, nullable=False),
    Column("asked", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("report", LargeBinary, nullable=False),
)
