"""A Slack workspace on loopback, for a real Bolt app: see `SlackDouble` in `double.py`, and README.md beside it."""
