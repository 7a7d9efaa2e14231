"""Many questions through the Slack double while the connection is cut again and again: `make soak`."""
