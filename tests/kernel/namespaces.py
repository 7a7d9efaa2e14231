"""Network namespaces without names: file descriptors of this process, gone with it however it ends.

The host's own namespace is left before anything else is done (`leave_the_host`), so nothing here can reach it.
Every namespace has its own nftables context, and its rules are loaded in this process: a program run for each of
them would take most of the time of a comparison.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
NETLINK_NETFILTER = 12
CONNTRACK_DELETE = (1 << 8) | 2
"""Subsystem NFNL_SUBSYS_CTNETLINK, message IPCTNL_MSG_CT_DELETE (linux/netfilter/nfnetlink_conntrack.h)."""
REQUEST_AND_ACKNOWLEDGE = 0x1 | 0x4
QUIET = {
    "net/ipv4/conf/all/rp_filter": 0,
    "net/ipv4/conf/default/rp_filter": 0,
    "net/ipv4/conf/all/send_redirects": 0,
    "net/ipv4/conf/default/send_redirects": 0,
    "net/ipv4/conf/all/accept_redirects": 0,
    "net/ipv4/conf/default/accept_redirects": 0,
    "net/ipv4/icmp_ratelimit": 0,
    "net/ipv4/tcp_synack_retries": 0,
    "net/ipv4/ping_group_range": "0 0",
    "net/ipv6/conf/all/disable_ipv6": 0,
    "net/ipv6/conf/default/accept_dad": 0,
    "net/ipv6/conf/default/accept_ra": 0,
    "net/ipv6/conf/default/accept_redirects": 0,
    "net/ipv6/conf/default/router_solicitations": 0,
    "net/ipv6/icmp/ratelimit": 0,
    "net/bridge/bridge-nf-call-iptables": 0,
    "net/bridge/bridge-nf-call-ip6tables": 0,
}
FORWARDING = {"net/ipv4/ip_forward": 1, "net/ipv6/conf/all/forwarding": 1}


class NotPermittedError(Exception):
    """This machine lets nobody, or not this user, make network namespaces or load nftables rules into them."""


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: int) -> None:
    if getattr(_libc(), name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise NotPermittedError(f"{name}: {os.strerror(number)}")


def leave_the_host() -> None:
    """Moves this process to a network namespace of its own, where need be with a user namespace around it.

    Raises NotPermittedError. Never to be called in a process that does anything else.
    """
    if os.geteuid() == 0 and _libc().unshare(CLONE_NEWNET) == 0:
        return
    user, group = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER | CLONE_NEWNET)
    try:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    except OSError as error:
        raise NotPermittedError(f"user namespace: {error.strerror}") from error


def _nftables() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("libnftables.so.1")
    except OSError as error:
        raise NotPermittedError(f"libnftables.so.1 cannot be loaded: {error}") from error
    library.nft_ctx_new.restype = ctypes.c_void_p
    library.nft_ctx_buffer_error.argtypes = [ctypes.c_void_p]
    library.nft_ctx_get_error_buffer.argtypes = [ctypes.c_void_p]
    library.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
    library.nft_run_cmd_from_buffer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    return library


class Namespace:
    """One network namespace. Everything done `inside()` it, sockets and child processes included, belongs to it."""

    def __init__(self, name: str, *, forwards: bool) -> None:
        home = _own_namespace()
        try:
            _call("unshare", CLONE_NEWNET)
            self.name = name
            self.fd = _own_namespace()
            for key, value in (QUIET | (FORWARDING if forwards else {})).items():
                _set(key, value)
            self._library = _nftables()
            self._rules = self._library.nft_ctx_new(0)
            self._library.nft_ctx_buffer_error(self._rules)
            self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        finally:
            _call("setns", home, CLONE_NEWNET)
            os.close(home)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Runs its body in this namespace, and returns to where the process was."""
        home = _own_namespace()
        _call("setns", self.fd, CLONE_NEWNET)
        try:
            yield
        finally:
            _call("setns", home, CLONE_NEWNET)
            os.close(home)

    @property
    def path(self) -> str:
        """The namespace as `ip link ... netns` takes it, in this process and its children."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    def rules(self, text: str) -> None:
        """Loads nftables rules in one transaction, in place of all that were there."""
        if self._library.nft_run_cmd_from_buffer(self._rules, f"flush ruleset\n{text}".encode()) != 0:
            reason = self._library.nft_ctx_get_error_buffer(self._rules).decode(errors="replace")
            if "Operation not permitted" in reason:
                raise NotPermittedError(f"nftables: {reason.strip()}")
            raise RuntimeError(f"nftables refused the rules of {self.name}: {reason}\n{text}")

    def forget_connections(self) -> None:
        """Empties the table of tracked connections."""
        family_and_version = struct.pack("=BBH", socket.AF_UNSPEC, 0, 0)
        header = struct.pack("=IHHII", 16 + 4, CONNTRACK_DELETE, REQUEST_AND_ACKNOWLEDGE, 0, 0)
        self._netlink.send(header + family_and_version)
        self._netlink.recv(4096)

    def ip(self, lines: Iterable[str], *, family: int | None = None) -> None:
        """Runs lines of `ip -batch` inside the namespace; without a family each line says its own."""
        batch = "\n".join(lines)
        if not batch:
            return
        with self.inside():
            run_ip(batch, family=family, where=self.name)

    def carries(self) -> bool:
        """Whether every device of the namespace carries packets by now."""
        with self.inside():
            done = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True, timeout=60)
        return not any(
            " noop " in line or "state DOWN" in line or "NO-CARRIER" in line
            for line in done.stdout.splitlines()
            if " lo:" not in line
        )

    def plain_checksums(self, device: str) -> None:
        """Has packets leave `device` with whole checksums, which rules that rewrite addresses can then keep right."""
        with self.inside(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            value = ctypes.create_string_buffer(struct.pack("=II", 0x17, 0))  # ETHTOOL_STXCSUM, off
            request = struct.pack("16sP", device.encode(), ctypes.addressof(value))
            fcntl.ioctl(control.fileno(), 0x8946, request)  # SIOCETHTOOL

    def close(self) -> None:
        """Gives the namespace back; its devices, routes and rules go with it."""
        self._library.nft_ctx_free.argtypes = [ctypes.c_void_p]
        self._library.nft_ctx_free(self._rules)
        self._netlink.close()
        os.close(self.fd)


def run_ip(batch: str, *, family: int | None = None, where: str = "the lab") -> None:
    """Runs lines of `ip -batch` in the namespace that the process is in."""
    command = ["ip", *([] if family is None else [f"-{family}"]), "-batch", "-"]
    try:
        done = subprocess.run(command, input=batch, capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError as error:
        raise NotPermittedError("the program ip is not installed") from error
    if done.returncode != 0:
        raise RuntimeError(f"ip refused the set-up of {where}: {done.stderr.strip()}\n{batch}")


def cable(one: Namespace, its_device: str, other: Namespace, other_device: str) -> None:
    """Joins two namespaces by a pair of virtual devices, both up."""
    run_ip(f"link add {its_device} netns {one.path} type veth peer name {other_device} netns {other.path}")
    for space, device in ((one, its_device), (other, other_device)):
        space.plain_checksums(device)
        space.ip([f"link set {device} up"])


def _own_namespace() -> int:
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _set(key: str, value: object) -> None:
    """Sets a kernel parameter of the namespace that the process is in; one that this kernel lacks is left out."""
    path = Path("/proc/sys") / key
    if path.exists():
        path.write_text(str(value), encoding="ascii")
