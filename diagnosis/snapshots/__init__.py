"""The snapshot folder: read, write, redact; and the embedded account."""
