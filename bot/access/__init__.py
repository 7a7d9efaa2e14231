"""Who may ask, and about what: decisions without a clock, a disk or a network."""
