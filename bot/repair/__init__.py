"""Repair: the only hands. Applies an approved fix, verifies it, takes it back; nothing else changes an account."""
