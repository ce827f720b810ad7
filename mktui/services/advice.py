"""What to do about a router that could not be reached: the next step for whoever adds or tests it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mktui.errors import CommandTimeout, ConnectFailed, ConnectionLost, ConnectTimeout, LoginRefused, NotRouterOs

if TYPE_CHECKING:
    from mktui.core.connection.options import RouterOptions
    from mktui.errors import RouterError


def advice(error: RouterError, router: RouterOptions, fingerprint: str = "") -> tuple[str, ...]:
    """Return what to do, most likely first. ``fingerprint``: the SHA-256 of a certificate that was refused."""
    service = "api" if router.tls == "off" else "api-ssl"
    told: tuple[str, ...] = ("try again",)
    match error:
        case LoginRefused():
            told = (
                f"type the password again; on the router: /user/print where name={router.username}",
                "its group needs the policy api, and its address must let this machine in",
            )
        case NotRouterOs():
            told = ("something else answers there: the API is on 8728, or 8729 with TLS; 8291 is WinBox's",)
        case ConnectTimeout():
            accept = f"the router must accept tcp port {router.port_in_use} from here (/ip/firewall/filter)"
            told = ("is the address right, and is it on?", f"a firewall may drop us: {accept}")
        case CommandTimeout():
            told = ("it lets us in, but does not answer: is its CPU busy, or the way to it full? look at its load",)
        case ConnectFailed() if fingerprint:
            told = (
                f"its certificate: SHA-256 {fingerprint}",
                "compare it on the router: /certificate/print detail; when it is the same, it can be pinned",
            )
        case ConnectFailed():
            told = _unreached(error, service)
        case ConnectionLost():
            told = (_hung_up(service),)
    return told


def _hung_up(service: str) -> str:
    return f"it hung up: does /ip/service {service} allow this machine's address, and are its sessions all taken?"


def _unreached(error: ConnectFailed, service: str) -> tuple[str, ...]:
    reason = error.reason.lower()
    if reason == "connection refused":
        return (f"nothing listens there: on the router /ip/service/enable {service}, and look at its port and address",)
    if "resolved" in reason:
        return ("check the name, or give the address itself",)
    if "tls" in reason or "certificate" in reason:
        return (
            "on the router: /ip/service/set api-ssl certificate=NAME; without a certificate there is tls anonymous",
            "tls off talks plainly to port 8728",
        )
    if "hung up" in reason or error.hung_up:
        return (_hung_up(service),)
    return ("is the address right, and is there a way to it from here? ping it",)
