"""Readers of the live account, with boto3."""
