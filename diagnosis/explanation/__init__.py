"""A Trace and its evidence, in Reachability Analyzer's codes and in sentences."""
