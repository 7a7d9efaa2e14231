"""The AWS double: moto's server over HTTP, with what moto lacks or does wrong put right.

`python -m tests.emulator` runs it for trials without an account; tests use `tests.emulator.server.emulator`. Whatever a
call is not understood in is refused as AWS would refuse it, never answered with something.
"""
