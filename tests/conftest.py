"""What every test gets: no account of anybody's, no network but loopback, and skips that name the missing program."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["pytester"]

# Debian keeps the programs of the PostgreSQL server out of PATH, a folder for each version.
for _folder in sorted(Path("/usr/lib/postgresql").glob("*/bin")):
    os.environ["PATH"] = f"{_folder}{os.pathsep}{os.environ['PATH']}"

# Tests share a few busy cores: a slow example is no failure, the time-out of the whole test bounds it. Whatever else
# hypothesis chose for itself stays, under continuous integration above all: the same examples at every run.
settings.register_profile("house", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
# For deliberate faults (tests/mutants): that a test fails is all that matters, not the smallest example.
settings.register_profile(
    "any-example", settings.get_profile("house"), phases=(Phase.explicit, Phase.reuse, Phase.generate)
)


def pytest_xdist_auto_num_workers() -> int | None:
    """One more than there are cores: apps, servers and databases are waited for, and a core would be idle meanwhile."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else (os.cpu_count() or 1) + 1


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test marked `needs_tool` where a program is missing; under CI, where none may be, fail it."""
    for marker in item.iter_markers("needs_tool"):
        missing = [program for program in marker.args if shutil.which(program) is None]
        if missing:
            reason = f"needs {', '.join(missing)}, which is not installed"
            if os.environ.get("CI", "").lower() in {"1", "true", "yes"}:
                pytest.fail(f"{reason}; .ci/run is to install it", pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def _nobodys_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Credentials, settings and kept files of whoever runs the tests are out of reach, for child processes as well."""
    nobodys = tmp_path_factory.mktemp("nobodys")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(nobodys / name.lower()))
        for name in [name for name in os.environ if name.startswith(("AWS_", "WHYNOT_"))]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """A connection to anything but loopback is an error."""
    connect = socket.socket.connect

    def connect_to_loopback(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not _is_loopback(str(address[0])):
            message = f"tests reach nothing but loopback, and this one tried {address[0]}"
            raise OSError(message)
        connect(self, address)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_to_loopback)
        yield


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(scope="session")
def emulator_url() -> Iterator[str]:
    """The AWS double, one for all tests of a process; a test leaves nothing in it that another would meet."""
    from tests.emulator.server import emulator

    with emulator() as url:
        yield url
