"""TLS in three explicit modes that are never mixed: verify, pin, anonymous.

With an anonymous-DH cipher allowed, OpenSSL connects without any certificate even when one is required (measured): so
that cipher is named in the anonymous mode alone, and the other two look at the certificate after the handshake.
"""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING, Final

import anyio
from anyio.streams.tls import TLSAttribute, TLSStream

from mktui.core.connection.options import plain_fingerprint
from mktui.errors import ConnectFailed

if TYPE_CHECKING:
    from anyio.abc import ByteStream

    from mktui.core.connection.options import RouterOptions

HANDSHAKE: Final = 5.0
"""Seconds for the handshake: the plain API takes its first bytes for a word, and waits for the rest of it for ever."""
_ANONYMOUS: Final = "ADH:@SECLEVEL=0"
"""What RouterOS offers while /ip/service api-ssl has no certificate. It keeps eavesdroppers out and nobody else."""


async def secure(stream: ByteStream, router: RouterOptions) -> ByteStream:
    """Return the stream inside TLS, as ``router.tls`` says.

    Raises:
        ConnectFailed: No TLS there, a certificate that is not the right one, or none where one is asked for.
    """
    try:
        with anyio.fail_after(HANDSHAKE):
            secured = await TLSStream.wrap(
                stream, server_side=False, hostname=router.host, ssl_context=_context(router), standard_compatible=False
            )
    except TimeoutError:
        raise _failed(router, "no TLS there: is it the plain API's port? TLS is on 8729 as a rule") from None
    except ssl.SSLCertVerificationError as error:
        raise _failed(router, f"its certificate was refused: {error.verify_message}") from error
    except (ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream, OSError) as error:
        raise _failed(router, f"no TLS there, or none in the way of tls = {router.tls!r}") from error
    try:
        _check_peer(secured, router)
    except ConnectFailed:
        await anyio.aclose_forcefully(secured)
        raise
    return secured


async def peer_fingerprint(stream: ByteStream, router: RouterOptions) -> str:
    """Return the SHA-256 of the certificate that is shown, whoever made it; "" when none is. Proves nothing.

    The stream is closed then.

    Raises:
        ConnectFailed: No TLS there.
    """
    try:
        with anyio.fail_after(HANDSHAKE):
            secured = await TLSStream.wrap(
                stream, server_side=False, ssl_context=_unproven(), standard_compatible=False
            )
        certificate: bytes | None = secured.extra(TLSAttribute.peer_certificate_binary)  # noqa: S610 - as below
    except (TimeoutError, ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream, OSError) as error:
        raise _failed(router, "no TLS there, or none with a certificate") from error
    finally:
        await anyio.aclose_forcefully(stream)
    return hashlib.sha256(certificate).hexdigest() if certificate else ""


def in_words(stream: ByteStream) -> str:
    """Return how a stream is secured: version and what it proves; "" for plain TCP."""
    version = stream.extra(TLSAttribute.tls_version, None)  # noqa: S610 - a stream's attribute, not Django's
    if version is None:
        return ""
    certificate = stream.extra(TLSAttribute.peer_certificate_binary, None)  # noqa: S610 - as above
    proof = "nobody's identity is proved" if certificate is None else "the router's certificate was checked"
    return f"{version}, {proof}"


def _context(router: RouterOptions) -> ssl.SSLContext:
    if router.tls == "verify":
        try:
            return ssl.create_default_context(cafile=router.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise _failed(router, f"ca_file {router.ca_file} cannot be used: {error}") from error
    context = _unproven()
    if router.tls == "anonymous":
        context.maximum_version = ssl.TLSVersion.TLSv1_2  # later versions know no anonymous exchange
        context.set_ciphers(_ANONYMOUS)
    return context


def _unproven() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _check_peer(stream: TLSStream, router: RouterOptions) -> None:
    if router.tls == "anonymous":
        return
    certificate: bytes | None = stream.extra(TLSAttribute.peer_certificate_binary)  # noqa: S610 - a stream's attribute
    if not certificate:
        raise _failed(router, "it showed no certificate")
    if router.tls == "pin":
        found = hashlib.sha256(certificate).hexdigest()
        if found != plain_fingerprint(router.fingerprint):
            raise _failed(router, f"its certificate is another one: SHA-256 {found}")


def _failed(router: RouterOptions, reason: str) -> ConnectFailed:
    return ConnectFailed(router.name, address=router.address, reason=reason)
