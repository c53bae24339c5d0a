"""The console's sign-in service, and what `aws login` of the AWS CLI keeps of one who signed in there.

Strict in what the product needs of it: POST /v1/token with a refresh token that serves once, and a DPoP proof
(RFC 9449) by the key which signed in. Made after botocore's model of `signin` and its LoginCredentialFetcher.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from shellint.broker import Broker
from shellint.credentials import Credentials
from shellint.errors import ShellintError
from shellint.plan import Endpoint, Plan, Step
from shellint.providers import SignIn
from shellint.terminal import NoHuman
from tests.aws import Role, StrictAws
from tests.aws.faults import Breakage, Fault
from tests.aws.identity import Session
from tests.aws.messages import Answer, AwsError, RawRequest, json_answer
from tests.aws.own_port import OwnPort
from tests.roots import caller, clean_failure, plan_from, provided
from tests.world import World

__all__ = ["SESSION", "Console", "LoginDesk"]

CLIENT = "arn:aws:signin:::devtools/same-device"
SECONDS = 900
SESSION = "arn:aws:iam::123456789012:user/alice"


class Console(OwnPort):
    """The service, on a port of the loopback, and one person, who signs in as `role`; a context manager.

    `answered` are the HTTP statuses so far.
    """

    def __init__(self, aws: StrictAws, role: Role) -> None:
        super().__init__(aws)
        self.answered: list[int] = []
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._role = role
        self._refresh = ""
        self._proofs: set[str] = set()

    def fail_next(self, status: int, code: str, error: str, *, times: int = 1) -> None:
        """Refuse the next requests: `code` is the exception, `error` what OAuth calls it."""
        self._faults.add(Fault("*", times, error=AwsError(status, code, error)))

    def break_next(self, how: Breakage, *, times: int = 1, seconds: float = 0.0) -> None:
        """Spoil the next answers."""
        self._faults.add(Fault("*", times, breakage=how, seconds=seconds))

    def end(self) -> None:
        """End the sign-in."""
        self._refresh = ""

    def signed_in(self, seconds: float = SECONDS, **fields: Any) -> dict[str, Any]:
        """Sign in, and return what `aws login` would keep; its session ends in `seconds`."""
        self._refresh = secrets.token_urlsafe(24)
        pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        return {
            "accessToken": {**_keys(self._session()), "accountId": self._aws.account, "expiresAt": ends},
            "tokenType": "aws_sigv4",
            "refreshToken": self._refresh,
            "idToken": "kept as it is",
            "clientId": CLIENT,
            "dpopKey": pem.decode(),
            **fields,
        }

    @staticmethod
    def keep(directory: Path, session: str, kept: object) -> Path:
        """Write what is kept for `session` where the AWS CLI writes it."""
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / f"{hashlib.sha256(session.encode()).hexdigest()}.json"
        path.write_bytes(kept if isinstance(kept, bytes) else json.dumps(kept).encode())
        path.chmod(0o600)
        return path

    def _session(self) -> Session:
        return self._aws.hand_out(self._role, "me", SECONDS)

    def _respond(self, request: RawRequest) -> tuple[Answer, Fault | None]:
        try:
            if error := self._faults.error_for("*"):
                raise error
            answer = json_answer(200, self._token(request))
        except AwsError as error:
            headers = (("x-amzn-ErrorType", error.code),)
            body = {"error": error.message, "message": f"in words: {error.message}"}
            answer = json_answer(error.status, body, headers=headers)
        self.answered.append(answer.status)
        return answer, self._faults.breakage_for("*")

    def _token(self, request: RawRequest) -> dict[str, Any]:
        if (request.method, request.path, request.header("authorization")) != ("POST", "/v1/token", None):
            raise AwsError(404, "ResourceNotFoundException", "RESOURCE_NOT_FOUND")
        if not self._proven(request.header("dpop") or ""):
            raise AwsError(400, "ValidationException", "invalid_request")
        given = json.loads(request.body)
        if given != {"clientId": CLIENT, "grantType": "refresh_token", "refreshToken": given.get("refreshToken")}:
            raise AwsError(400, "ValidationException", "invalid_request")
        if not self._refresh or given["refreshToken"] != self._refresh:
            raise AwsError(403, "AccessDeniedException", "TOKEN_EXPIRED")
        self._refresh = secrets.token_urlsafe(24)
        return {
            "accessToken": _keys(self._session()),
            "tokenType": "aws_sigv4",
            "expiresIn": SECONDS,
            "refreshToken": self._refresh,
        }

    def _proven(self, proof: str) -> bool:
        """Tell whether a proof is by the key that signed in, fresh, for this very request, and the first of its id."""
        header, payload = (json.loads(_bytes(part)) for part in proof.split(".")[:2])
        numbers = self.key.public_key().public_numbers()
        public = {name: int.from_bytes(_bytes(header["jwk"][name])) for name in ("x", "y")}
        if (header["typ"], header["alg"], header["jwk"]["kty"], header["jwk"]["crv"]) != (
            "dpop+jwt",
            "ES256",
            "EC",
            "P-256",
        ) or public != {"x": numbers.x, "y": numbers.y}:
            return False
        signed, _, signature = proof.rpartition(".")
        raw = _bytes(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        try:
            self.key.public_key().verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        first = payload["jti"] not in self._proofs
        self._proofs.add(payload["jti"])
        fresh = abs(self._aws.now() - payload["iat"]) < 300
        return first and fresh and (payload["htm"], payload["htu"]) == ("POST", f"{self.endpoint_url}/v1/token")


def _keys(session: Session) -> dict[str, str]:
    return {
        "accessKeyId": session.access_key_id,
        "secretAccessKey": session.secret,
        "sessionToken": session.token,
    }


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class LoginDesk:
    """A world with a console, and the home directory of someone who uses `aws login`."""

    world: World
    console: Console
    home: Path

    @property
    def directory(self) -> Path:
        return self.home / ".aws" / "login" / "cache"

    def keep(self, kept: object) -> Path:
        return self.console.keep(self.directory, SESSION, kept)

    def plan(self, *steps: Step) -> Plan:
        plan = plan_from(self.world, provided(SignIn(SESSION)), *steps)
        return replace(plan, sign_in=Endpoint("eu-west-1", self.console.endpoint_url))

    def obtain(self, plan: Plan | None = None, env: dict[str, str] | None = None) -> Credentials:
        asking = caller(self.world, env or {}, human=NoHuman(), programs=False, aws=self.home / ".aws")
        return Broker(asking).obtain(plan or self.plan(), min_ttl=300)

    def failed(self, env: dict[str, str] | None = None) -> ShellintError:
        return clean_failure(self.world, lambda: self.obtain(env=env))
