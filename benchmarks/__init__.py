"""Measurements. `python -m benchmarks` runs every module here that has a `main()`; each prints its own figures."""
