"""The bot: listens, speaks, remembers and, once approved, acts."""
