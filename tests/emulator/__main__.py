"""`python -m tests.emulator`: the double runs until it is interrupted, and says how to use it."""

from __future__ import annotations

import argparse
import contextlib
import threading

from tests.emulator.faults import PATH
from tests.emulator.server import emulator


def main() -> None:
    """Serve on 127.0.0.1."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a free one where none is given")
    with emulator(parser.parse_args().port) as url:
        print(  # noqa: T201
            f"export AWS_ENDPOINT_URL={url} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE "
            f"AWS_SECRET_ACCESS_KEY=unchecked\n"
            f'# curl -X POST {url}{PATH} -d \'[{{"call": "logs.StartQuery", "code": "ThrottlingException"}}]\'\n'
            f'# curl -X POST {url}{PATH} -d \'[{{"members": {{"NetworkPathFound": true}}}}]\'  # Reachability Analyzer',
            flush=True,
        )
        threading.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
