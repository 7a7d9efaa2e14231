"""Whole conversations with the real app, over both transports, against the Slack double and the embedded account."""
