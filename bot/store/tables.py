"""The tables. A change of them is a migration in `migrations/versions`, and a test compares the two."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text

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
