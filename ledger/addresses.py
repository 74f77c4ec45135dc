"""Where a notice may be sent: never to what is private, local or reserved, unless the bureau listed its network.

A name is looked up once, every address it has is judged, and the connection goes to the address that was judged: no
second look-up can lead elsewhere. Redirects are followed by nobody.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ledger.errors import TargetRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST_URL = 2_000
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Place:
    """A target that was judged: the host's name, the address to connect to, port, path with query."""

    scheme: str
    host: str
    address: str
    port: int
    path: str


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host, as the system resolves it; TargetRefused where it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise TargetRefused("a host that is not found") from None
    return [str(each[4][0]) for each in found]


def judged(
    url: str, allowed: Sequence[Network] = (), resolve: Callable[[str, int], list[str]] = look_up
) -> Place:  # fmt: skip
    """Return where a URL leads, once it may be sent to.

    Args:
        url: https, or http into a listed network; no user, no fragment.
        allowed: the bureau's own networks that notices may go to.
        resolve: what looks a host up.

    Raises:
        TargetRefused: it may not; the message says why and names no address.
    """
    scheme, host, port, path = _parts(url)
    addresses = [_address(each) for each in resolve(host, port)]
    if not addresses:
        raise TargetRefused("a host that is not found")
    listed = [any(address in network for network in allowed) for address in addresses]
    if not all(is_listed or _is_public(address) for address, is_listed in zip(addresses, listed, strict=True)):
        raise TargetRefused("a private, local or reserved address")
    if not all(listed) and (scheme != "https" or port != PORTS["https"]):
        raise TargetRefused("a public address otherwise than by https at port 443")
    return Place(scheme, host, str(addresses[0]), port, path)


def networks(text: str) -> tuple[Network, ...]:
    """Read networks parted by commas; TargetRefused where one is none."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise TargetRefused("a list of networks that cannot be read: write them like 10.1.0.0/16") from None


def _parts(url: str) -> tuple[str, str, int, str]:
    if len(url) > LONGEST_URL or any(ord(sign) <= 32 or ord(sign) == 127 for sign in url) or "\\" in url:
        raise TargetRefused("a URL that is too long, or has blanks, control characters or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise TargetRefused("a URL that cannot be read") from None
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise TargetRefused("a URL that is not https://HOST/PATH, without user and fragment")
    return parts.scheme, parts.hostname, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _address(text: str) -> Address:
    """Return an address; one of IPv4 that stands in one of IPv6 as that of IPv4."""
    found = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        return inner or found
    return found


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved
