"""The methods of the Web API, a file for each family. Importing this package fills the table of methods."""

from tests.slack_double.methods import agents, chat, connections, conversations, files, people, streams, views

__all__ = ["agents", "chat", "connections", "conversations", "files", "people", "streams", "views"]
