"""The runner: a bounded pool that answers questions, each channel in its turn, and says how far it is."""
