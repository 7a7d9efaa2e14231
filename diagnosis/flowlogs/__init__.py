"""Flow-log engines, one file each, one answer type."""
