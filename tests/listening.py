"""The sockets on which processes listen."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

import psutil


def listening(processes: Iterable[psutil.Process]) -> list[tuple[str, str, int]]:
    """Process, address and port of each TCP socket on which these and their children listen."""
    return [
        (one.name(), socket.laddr.ip, socket.laddr.port)
        for process in processes
        for one in (process, *process.children(recursive=True))
        for socket in one.net_connections("tcp")
        if socket.status == psutil.CONN_LISTEN
    ]


def beyond_loopback(sockets: Iterable[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Those of them that other machines could reach."""
    return [socket for socket in sockets if not _is_loopback(socket[1])]


def _is_loopback(text: str) -> bool:
    # The JVM's sockets are of both kinds, and name addresses of the older one within the newer.
    address = ip_address(text.split("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback
