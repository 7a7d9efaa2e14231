"""Programs for people who work on whynot; nothing here is installed."""
