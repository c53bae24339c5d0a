"""Everything that exists, and the sessions that were given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.aws.identity import AccessKey, Caller, Role, Session, User
from tests.aws.identity_provider import IdentityProvider

__all__ = ["Directory"]


class Directory:
    """Everything that exists, in every account; `clock` gives unix seconds.

    `propagation`: how many requests with a key that CreateAccessKey makes are refused at first.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.propagation = 0
        self.users: dict[str, User] = {}
        self.keys: dict[str, AccessKey] = {}
        self.providers: dict[str, IdentityProvider] = {}
        self.roles: dict[str, Role] = {}
        self.sessions: dict[str, Session] = {}

    def find(self, access_key_id: str) -> Caller | None:
        """Return the holder of a key, long-term or temporary."""
        return self.keys.get(access_key_id) or self.sessions.get(access_key_id)

    def new_user(self, name: str, account: str) -> User:
        """Make a user."""
        user = User(name, account, self, self.clock())
        self.users[user.arn] = user
        return user

    def add_role(self, role: Role) -> Role:
        """Keep a role."""
        self.roles[role.arn] = role
        return role

    def session_of_user(self, user: User, *, expires: int, mfa: bool) -> Session:
        """Make temporary credentials for a user: they are the user's own, under the user's ARN."""
        return self._keep(
            Session(arn=user.arn, user_id=user.user_id, account=user.account, expires=expires, user=user, mfa=mfa)
        )

    def session_of_federated_user(self, account: str, name: str, *, expires: int) -> Session:
        """Make temporary credentials for somebody whom AWS does not know."""
        arn = f"arn:aws:sts::{account}:federated-user/{name}"
        return self._keep(
            Session(arn=arn, user_id=f"{account}:{name}", account=account, expires=expires, federated=True)
        )

    def session_of_role(
        self,
        role: Role,
        name: str,
        *,
        expires: int,
        chained: bool = False,
        transitive_tags: Mapping[str, str] | None = None,
        source_identity: str | None = None,
    ) -> Session:
        """Make temporary credentials for a role.

        They carry no MFA, even when MFA was given to get them
        (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html).
        """
        return self._keep(
            Session(
                arn=f"arn:aws:sts::{role.account}:assumed-role/{role.name.rsplit('/', 1)[-1]}/{name}",
                user_id=f"{role.role_id}:{name}",
                account=role.account,
                expires=expires,
                role=role,
                chained=chained,
                transitive_tags=transitive_tags or {},
                source_identity=source_identity,
            )
        )

    def _keep(self, session: Session) -> Session:
        self.sessions[session.access_key_id] = session
        return session
