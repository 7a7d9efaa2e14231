"""Processes that apply and undo fixes are killed at any point; afterwards account and ledger must agree."""
