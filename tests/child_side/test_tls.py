"""A server that is not trusted gets no request, and the failure says why."""

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from aqp_perf.core.aws.sigv4 import Credentials
from aqp_perf.core.measured.failure_class import FailureClass
from aqp_perf.loadgen.clients.boto3_client import Boto3Client
from aqp_perf.loadgen.clients.connections import NotConnected, open_connections
from aqp_perf.loadgen.clients.dynamodb import DynamoDbClient, DynamoDbError
from aqp_perf.loadgen.clients.exchange import HttpServer
from aqp_perf.loadgen.clients.failures import failure_class_of
from aqp_perf.loadgen.clients.fast_client import FastClient
from tests.doubles.scripted_server import ScriptedServer, answer

CREDENTIALS = Credentials(access_key="AKIDEXAMPLE", secret_key="secret")
REGION = "eu-west-1"
DAY = timedelta(days=1)
PEM = serialization.Encoding.PEM

Start = Callable[..., ScriptedServer]
MakeClient = Callable[[str], DynamoDbClient]


def certificate(folder: Path, *, address: str = "127.0.0.1", ends: timedelta = DAY) -> Path:
    """Return a file with a key and a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "aqp-perf test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 9 * DAY)
        .not_valid_after(now + ends)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    key_bytes = key.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(key_bytes + signed.public_bytes(PEM))
    return file


def tls(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let the clients trust the certificates in a file."""
    return lambda file: monkeypatch.setenv("AWS_CA_BUNDLE", str(file))


@pytest.fixture
def untrusted(serve: Start, tmp_path: Path) -> ScriptedServer:
    return serve(answer(), tls=tls(certificate(tmp_path)))


@pytest.fixture
def expired(serve: Start, tmp_path: Path, trust: Callable[[Path], None]) -> ScriptedServer:
    file = certificate(tmp_path, ends=-DAY)
    trust(file)
    return serve(answer(), tls=tls(file))


@pytest.fixture
def misnamed(serve: Start, tmp_path: Path, trust: Callable[[Path], None]) -> ScriptedServer:
    file = certificate(tmp_path, address="192.0.2.1")
    trust(file)
    return serve(answer(), tls=tls(file))


@pytest.fixture
def plain(serve: Start) -> ScriptedServer:
    """Serve HTTP; a greeting comes at once, as of a server that tires of waiting for a request."""
    server = serve(
        answer(), on_connect=lambda connection: connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")
    )
    server.url = server.url.replace("http://", "https://")
    return server


PROBLEMS = {
    "untrusted": "certificate verify failed: self-signed certificate",
    "expired": "certificate verify failed: certificate has expired",
    # OpenSSL checks the name for us, urllib3 for the SDK.
    "misnamed": r"(certificate verify failed: IP address mismatch|hostname '127.0.0.1' doesn't)",
    "plain": r"the server does not speak TLS: is its URL http://\?",
}


@pytest.fixture(params=["fast", "boto3"])
def client_of(request: pytest.FixtureRequest) -> Iterator[MakeClient]:
    """Make clients for a URL; their connections are closed with the test."""
    with ExitStack() as stack:

        def fast(url: str) -> DynamoDbClient:
            client = FastClient(url, REGION, lambda: CREDENTIALS)
            stack.callback(client._server.close)
            return client

        def boto3(url: str) -> DynamoDbClient:
            client = Boto3Client(url, REGION)
            stack.callback(client._client.close)
            return client

        yield fast if request.param == "fast" else boto3


@pytest.mark.parametrize(("kind", "problem"), PROBLEMS.items(), ids=PROBLEMS)
def test_dynamodb_that_cannot_be_trusted_gets_no_request(
    request: pytest.FixtureRequest, client_of: MakeClient, kind: str, problem: str
) -> None:
    server: ScriptedServer = request.getfixturevalue(kind)
    with pytest.raises(DynamoDbError) as caught:
        client_of(server.url).execute_statement("INSERT", [], writes=True)

    assert (caught.value.failure_class, caught.value.code) == (FailureClass.CONNECTION, "TlsError")
    assert re.match(f"TlsError: {problem}", str(caught.value))
    assert server.requests == []


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_a_trusted_certificate_is_checked_once_per_connection(
    serve: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    client_of: MakeClient,
    variable: str,
) -> None:
    file = certificate(tmp_path)
    monkeypatch.setenv(variable, str(file))
    server = serve(answer(), tls=tls(file))
    client = client_of(server.url)
    for _ in range(5):
        client.execute_statement("INSERT", [], writes=True)

    assert (len(server.requests), server.connections) == (5, 1)


@pytest.mark.parametrize(("kind", "problem"), PROBLEMS.items(), ids=PROBLEMS)
def test_an_aqp_that_cannot_be_trusted_gets_no_query(
    request: pytest.FixtureRequest, kind: str, problem: str
) -> None:
    server: ScriptedServer = request.getfixturevalue(kind)
    with pytest.raises(NotConnected, match=problem) as caught:
        HttpServer(server.url).exchange(b"GET / HTTP/1.1\r\n\r\n")

    assert failure_class_of(caught.value, None) is FailureClass.CONNECTION
    assert server.requests == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_invalid_certificate_file_is_reported_before_the_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    file = tmp_path / "bundle.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(file))
    with pytest.raises(ValueError, match=r"^no certificates to trust in '.*bundle.pem'"):
        open_connections("127.0.0.1", 1, is_tls=True)
