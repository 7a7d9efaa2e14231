"""Flow-log records and queries, the patterns they form, and what absence can prove."""
