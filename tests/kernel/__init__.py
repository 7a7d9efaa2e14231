"""A kernel as the oracle: random accounts rebuilt as Linux network namespaces, real connections, verdicts compared."""
