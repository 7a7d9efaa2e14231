"""The settings of the Slack app: values, where they are read from, and names that are no setting."""
