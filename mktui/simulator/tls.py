"""What /ip/service api-ssl offers: a certificate, or nothing but an anonymous key exchange."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import anyio
from anyio.streams.tls import TLSStream

if TYPE_CHECKING:
    from anyio.abc import ByteStream

_GROUP: Final = """\
-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""
"""The group ffdhe2048 of RFC 7919: public numbers, no secret."""


def anonymous_context() -> ssl.SSLContext:
    """Return a server without a certificate, as RouterOS is until it has been given one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ADH:@SECLEVEL=0")
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(_GROUP)
        file.flush()
        context.load_dh_params(file.name)
    return context


@dataclass(frozen=True, slots=True)
class Certified:
    """A server with a certificate, what trusts it, and what it can be pinned by."""

    context: ssl.SSLContext
    ca_pem: bytes
    fingerprint: str
    """SHA-256 of the certificate, in hex."""


def certified(name: str) -> Certified:
    """Return a server with a fresh certificate for ``name``, signed by an authority that nobody else knows.

    Raises:
        ImportError: trustme is not installed (the extra ``tls``).
    """
    import trustme  # noqa: PLC0415 - only who asks for certificates needs it

    authority = trustme.CA()
    issued = authority.issue_cert(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    return Certified(context, authority.cert_pem.bytes(), hashlib.sha256(der).hexdigest())


async def accept(stream: ByteStream, context: ssl.SSLContext) -> ByteStream | None:
    """Return the stream inside TLS; None when the client and we do not come together."""
    try:
        return await TLSStream.wrap(stream, server_side=True, ssl_context=context, standard_compatible=False)
    except (ssl.SSLError, anyio.BrokenResourceError, anyio.EndOfStream, OSError):
        await anyio.aclose_forcefully(stream)
        return None
    except BaseException:  # cancelled in the middle: nobody else knows of this socket
        await anyio.aclose_forcefully(stream)
        raise
