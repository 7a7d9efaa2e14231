"""The diagnosis: looks at a network and reasons about it; changes nothing. Usable without the bot."""
