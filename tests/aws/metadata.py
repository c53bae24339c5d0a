"""What a machine in AWS finds next to it: instance metadata (IMDSv2), and the credentials of a container.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

Either is a context manager with a port of its own on the loopback; the sessions they give are real ones of the double.
"""

from __future__ import annotations

import hmac
import re
import secrets
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.aws.call import instant
from tests.aws.double import StrictAws
from tests.aws.faults import Breakage, Fault
from tests.aws.identity import Role, Session
from tests.aws.messages import Answer, AwsError, RawRequest, json_answer
from tests.aws.own_port import OwnPort

__all__ = ["Asked", "ContainerCredentials", "InstanceMetadata"]

LONGEST_TOKEN = 21600
TOKEN_HEADER = "x-aws-ec2-metadata-token"
TOKEN_PATH = "/latest/api/token"
_META = "/latest/meta-data"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, without what it proved itself with."""

    method: str
    path: str
    with_token: bool
    status: int


class _Neighbour(OwnPort):
    """A server beside the machine; a failure is due for a path (`*`: any)."""

    def __init__(self, aws: StrictAws, role: Role | None) -> None:
        super().__init__(aws)
        self.role = role
        self.requests: list[Asked] = []
        self._given: Session | None = None

    def fail_next(self, path: str, status: int, code: str = "InternalError", *, times: int = 1) -> None:
        """Refuse the next requests for a path."""
        self._faults.add(Fault(path, times, error=AwsError(status, code, code)))

    def break_next(self, path: str, how: Breakage, *, seconds: float = 0.0, times: int = 1) -> None:
        """Spoil the answers to the next requests for a path; `seconds` is for SLOW."""
        self._faults.add(Fault(path, times, breakage=how, seconds=seconds))

    def rotate(self) -> None:
        """Have another session the next time."""
        self._given = None

    def _session(self, role: Role) -> Session:
        if self._given is None or self._given.role is not role or self._aws.now() >= self._given.expires:
            self._given = self._aws.hand_out(role, "i-0123456789abcdef0")
        return self._given

    def _respond(self, request: RawRequest) -> tuple[Answer, Fault | None]:
        try:
            if error := self._faults.error_for(request.path):
                raise error
            answer = self._answer(request)
        except AwsError as error:
            answer = self._refuse(error)
        with_token = bool(request.header(TOKEN_HEADER) or request.header("authorization"))
        self.requests.append(Asked(request.method, request.path, with_token, answer.status))
        return answer, self._faults.breakage_for(request.path)

    @abstractmethod
    def _answer(self, request: RawRequest) -> Answer:
        """Return the answer. Raises AwsError."""

    @abstractmethod
    def _refuse(self, error: AwsError) -> Answer:
        """Return how a refusal is said here."""


class InstanceMetadata(_Neighbour):
    """IMDS, for AWS_EC2_METADATA_SERVICE_ENDPOINT.

    To be set at any time: `role`, the instance's (None: 404); `region`; `v1`, whether requests without a token are
    answered; `enabled`, false for an instance whose metadata is switched off (403).
    """

    def __init__(self, aws: StrictAws, role: Role | None = None, *, region: str = "eu-central-1") -> None:
        super().__init__(aws, role)
        self.region = region
        self.v1 = False
        self.enabled = True
        self._tokens: dict[str, float] = {}

    def expire_tokens(self) -> None:
        """Let every token end."""
        self._tokens.clear()

    def _answer(self, request: RawRequest) -> Answer:
        if not self.enabled:
            raise AwsError(403, "Forbidden", "Forbidden")
        if request.path == TOKEN_PATH:
            return self._token(request)
        if request.method != "GET":
            raise AwsError(405, "Method Not Allowed", "Method Not Allowed")
        self._check_token(request.header(TOKEN_HEADER))
        content = self._contents().get(request.path.rstrip("/"))
        if content is None:
            raise AwsError(404, "Not Found", "Not Found")
        return content()

    def _refuse(self, error: AwsError) -> Answer:
        text = f"<html><head><title>{error.status} - {error.code}</title></head></html>"
        return Answer(error.status, text.encode(), content_type="text/html")

    def _token(self, request: RawRequest) -> Answer:
        """Give a token; a request that came through a proxy gets none."""
        if request.method != "PUT":
            raise AwsError(405, "Method Not Allowed", "Method Not Allowed")
        if request.header("x-forwarded-for") is not None:
            raise AwsError(403, "Forbidden", "Forbidden")
        seconds = request.header(f"{TOKEN_HEADER}-ttl-seconds") or ""
        if not re.fullmatch(r"\d+", seconds, re.ASCII) or not 1 <= int(seconds) <= LONGEST_TOKEN:
            raise AwsError(400, "Bad Request", "Bad Request")
        token = secrets.token_urlsafe(40)
        self._tokens[token] = self._aws.now() + int(seconds)
        headers = ((f"{TOKEN_HEADER}-ttl-seconds", seconds),)
        return Answer(200, token.encode(), content_type="text/plain", headers=headers)

    def _check_token(self, token: str | None) -> None:
        if token is None and self.v1:
            return
        if token is None or self._aws.now() >= self._tokens.get(token, 0):
            raise AwsError(401, "Unauthorized", "Unauthorized")

    def _contents(self) -> Mapping[str, Callable[[], Answer]]:
        """Return what is at each path."""
        always: dict[str, Callable[[], Answer]] = {
            f"{_META}/placement/region": lambda: _plain(self.region),
            f"{_META}/placement/availability-zone": lambda: _plain(f"{self.region}a"),
            "/latest/dynamic/instance-identity/document": lambda: json_answer(200, {"region": self.region}),
        }
        if (role := self.role) is None:
            return always
        name = role.name.rsplit("/", 1)[-1]
        return always | {
            f"{_META}/iam/security-credentials": lambda: _plain(name),
            f"{_META}/iam/security-credentials/{name}": lambda: self._credentials(role),
        }

    def _credentials(self, role: Role) -> Answer:
        session = self._session(role)
        now = instant(self._aws.now())
        return json_answer(200, {"Code": "Success", "LastUpdated": now, "Type": "AWS-HMAC"} | _document(session))


class ContainerCredentials(_Neighbour):
    """The endpoint of ECS and EKS, for AWS_CONTAINER_CREDENTIALS_FULL_URI.

    `token` is what the Authorization header must be, as in AWS_CONTAINER_AUTHORIZATION_TOKEN; None: none is asked for.
    """

    path = "/v2/credentials/3b0f9c7e-6a1d-4a53-9a8e-0c7b7a1f1c55"

    def __init__(self, aws: StrictAws, role: Role | None = None) -> None:
        super().__init__(aws, role)
        self.token: str | None = secrets.token_urlsafe(40)

    @property
    def full_uri(self) -> str:
        """The whole address."""
        return f"{self.endpoint_url}{self.path}"

    def _answer(self, request: RawRequest) -> Answer:
        if request.method != "GET":
            raise AwsError(405, "MethodNotAllowed", "GET is the only method")
        given = request.header("authorization") or ""
        if self.token is not None and not hmac.compare_digest(self.token.encode(), given.encode()):
            raise AwsError(401, "AccessDenied", "The authorization token is missing or wrong")
        if request.path != self.path or self.role is None:
            raise AwsError(404, "InvalidIdInRequest", "Credentials not found")
        return json_answer(200, {"RoleArn": self.role.arn} | _document(self._session(self.role)))

    def _refuse(self, error: AwsError) -> Answer:
        return json_answer(error.status, {"code": error.code, "message": error.message})


def _document(session: Session) -> dict[str, str]:
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret,
        "Token": session.token,
        "Expiration": instant(session.expires),
    }


def _plain(text: str) -> Answer:
    return Answer(200, text.encode(), content_type="text/plain")
