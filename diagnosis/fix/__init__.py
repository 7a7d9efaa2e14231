"""Causes to the smallest changes, proven by tracing again, with their exposure and undo."""
