"""The ears: what people say and press in Slack becomes a question for the desk. Nothing here waits for anything."""
