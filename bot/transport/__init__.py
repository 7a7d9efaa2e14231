"""How deliveries come from Slack: over a socket that we open, or as signed requests that we serve."""
