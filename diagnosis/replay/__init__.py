"""Recorded packets judged anew: which of those that were refused would pass after a change."""
