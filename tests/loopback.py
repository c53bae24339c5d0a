"""Servers on the loopback that are not AWS: a closed port, canned bytes, TLS in front of the double."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tests.aws import StrictAws

__all__ = ["closed_port", "raw_server", "tls_in_front_of"]


def closed_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@contextlib.contextmanager
def raw_server(answer: bytes) -> Iterator[str]:
    """Answer every connection with these bytes."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, connection.makefile("rb") as request:
                    _read(request)  # all of it: the kernel answers what is left unread with a reset
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@contextlib.contextmanager
def tls_in_front_of(aws: StrictAws, directory: Path) -> Iterator[tuple[str, Path]]:
    """Put a TLS listener with a certificate of its own before the double, for one request after the other."""
    certificate, private = directory / "cert.pem", directory / "key.pem"
    _make_certificate(certificate, private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    back = ("127.0.0.1", int(aws.endpoint_url.rsplit(":", 1)[1]))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                raw, _ = server.accept()
                with (
                    contextlib.suppress(ssl.SSLError),
                    raw,
                    context.wrap_socket(raw, server_side=True) as front,
                    socket.create_connection(back) as behind,
                ):
                    behind.sendall(_read(front.makefile("rb")))
                    front.sendall(behind.recv(65536))

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}", certificate
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _read(request: BinaryIO) -> bytes:
    head = b"".join(iter(request.readline, b"\r\n"))
    length = int((head.lower().partition(b"content-length: ")[2].split() or [b"0"])[0])
    return head + b"\r\n" + request.read(length)


def _make_certificate(certificate: Path, private: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
