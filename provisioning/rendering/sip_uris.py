"""SIP addresses as pjsip.conf wants them. The semicolons in them are escaped when they are written."""

from typing import Literal


def sip_uri(host: str, port: int = 0, transport: Literal["udp", "tcp", "tls"] = "udp", user: str = "") -> str:
    """Return `sip:user@host:port;transport=tls`.

    Port 0 is left out: it is then the usual one, and the host's SRV records are asked.
    """
    address = f"[{host}]" if ":" in host else host
    uri = f"sip:{user}@{address}" if user else f"sip:{address}"
    if port:
        uri += f":{port}"
    return uri if transport == "udp" else f"{uri};transport={transport}"


def proxy_uri(host: str, port: int = 0, transport: Literal["udp", "tcp", "tls"] = "udp") -> str:
    """Return the address of an outbound proxy, `lr` included: without it old routers rewrite the request."""
    return f"{sip_uri(host, port, transport)};lr"
