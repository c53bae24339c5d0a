"""Keys, session tokens, their ends and MFA, as boto3 sees them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.aws import KeyPair, Mfa, Role, StrictAws, User
from tests.aws.client import assume, outcome, refusal, seconds_left, sts_client, with_session

ACCOUNT = "123456789012"
WRONG_CODE = (403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ")


class TestKeys:
    def test_a_key_says_whose_it_is(self, sts: Any, alice: User) -> None:
        answer = sts.get_caller_identity()
        assert (answer["Arn"], answer["Account"], answer["UserId"]) == (alice.arn, ACCOUNT, alice.user_id)

    def test_a_wrong_secret_is_refused(self, aws: StrictAws, key: KeyPair) -> None:
        status, code, message = refusal(sts_client(aws.endpoint_url, (key[0], "wrong")).get_caller_identity)
        assert (status, code) == (403, "SignatureDoesNotMatch")
        assert message.startswith("The request signature we calculated does not match the signature you provided.")

    def test_an_unknown_key_is_refused(self, aws: StrictAws) -> None:
        client = sts_client(aws.endpoint_url, ("AKIAIOSFODNN7EXAMPLE", "any"))
        message = "The security token included in the request is invalid."
        assert refusal(client.get_caller_identity) == (403, "InvalidClientTokenId", message)

    def test_an_inactive_key_is_refused_until_it_is_active_again(self, sts: Any, alice: User, key: KeyPair) -> None:
        alice.deactivate(key.access_key_id)
        assert outcome(sts.get_caller_identity) == (403, "InvalidClientTokenId")
        alice.activate(key.access_key_id)
        assert outcome(sts.get_caller_identity) == (200, "")

    def test_a_deleted_key_is_refused(self, sts: Any, alice: User, key: KeyPair) -> None:
        alice.delete_key(key.access_key_id)
        assert outcome(sts.get_caller_identity) == (403, "InvalidClientTokenId")

    def test_a_user_has_two_keys_at_most(self, alice: User, key: KeyPair) -> None:
        second = alice.add_key()
        with pytest.raises(ValueError, match="2 access keys"):
            alice.add_key()
        alice.delete_key(second.access_key_id)
        assert alice.add_key().access_key_id not in (key.access_key_id, second.access_key_id)


class TestGetSessionToken:
    def test_the_session_is_the_users_and_really_works(self, aws: StrictAws, sts: Any, alice: User) -> None:
        answer = sts.get_session_token()
        assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
        assert 43100 < seconds_left(answer) <= 43200
        assert with_session(aws, answer).get_caller_identity()["Arn"] == alice.arn

    @pytest.mark.parametrize("token", [None, "", "tampered"])
    def test_its_key_is_nothing_without_its_token(self, aws: StrictAws, sts: Any, token: str | None) -> None:
        credentials = sts.get_session_token()["Credentials"]
        bent = credentials | {"SessionToken": token and credentials["SessionToken"][:-4] + "AAA="}
        client = sts_client(aws.endpoint_url, bent)
        assert outcome(client.get_caller_identity) == (403, "InvalidClientTokenId")

    def test_a_long_term_key_with_a_token_is_refused(self, aws: StrictAws, sts: Any, key: KeyPair) -> None:
        token = sts.get_session_token()["Credentials"]["SessionToken"]
        mixed = {"AccessKeyId": key[0], "SecretAccessKey": key[1], "SessionToken": token}
        assert outcome(sts_client(aws.endpoint_url, mixed).get_caller_identity) == (403, "InvalidClientTokenId")

    @pytest.mark.parametrize(("seconds", "ok"), [(899, False), (900, True), (129600, True), (129601, False)])
    def test_the_duration_has_bounds(self, sts: Any, seconds: int, ok: bool) -> None:
        expected = (200, "") if ok else (400, "ValidationError")
        assert outcome(sts.get_session_token, DurationSeconds=seconds) == expected

    def test_a_session_cannot_ask_for_another(self, aws: StrictAws, sts: Any, role: Role) -> None:
        for answer in (sts.get_session_token(), assume(sts, role)):
            refused = refusal(with_session(aws, answer).get_session_token)
            assert refused == (403, "AccessDenied", "Cannot call GetSessionToken with session credentials")


class TestExpiry:
    def test_a_session_of_seconds_tells_the_truth_and_ends(self, aws: StrictAws, sts: Any) -> None:
        aws.session_seconds = 8
        answer = sts.get_session_token(DurationSeconds=3600)
        assert 0 < seconds_left(answer) <= 8
        session = with_session(aws, answer)
        assert outcome(session.get_caller_identity) == (200, "")
        aws.clock_offset = 10
        message = "The security token included in the request is expired"
        assert refusal(session.get_caller_identity) == (403, "ExpiredToken", message)

    def test_one_action_can_have_its_own_length(self, aws: StrictAws, sts: Any, role: Role) -> None:
        aws.session_seconds_for["AssumeRole"] = 30
        assert seconds_left(sts.get_session_token()) > 43000
        assert 20 < seconds_left(assume(sts, role)) <= 30


class TestMfa:
    def test_a_code_works_once(self, sts: Any, mfa: Mfa) -> None:
        given = {"SerialNumber": mfa.serial, "TokenCode": mfa.code()}
        assert outcome(sts.get_session_token, **given) == (200, "")
        assert refusal(sts.get_session_token, **given) == WRONG_CODE

    def test_a_code_of_three_minutes_ago_is_wrong(self, aws: StrictAws, sts: Any, mfa: Mfa) -> None:
        given = {"SerialNumber": mfa.serial, "TokenCode": mfa.code(aws.now() - 180)}
        assert refusal(sts.get_session_token, **given) == WRONG_CODE

    @pytest.mark.parametrize("code", ["12345", "1234567", "12 456", "abcdef"])
    def test_a_code_has_six_digits(self, sts: Any, mfa: Mfa, code: str) -> None:
        refused = outcome(sts.get_session_token, SerialNumber=mfa.serial, TokenCode=code)
        assert refused == (400, "ValidationError")

    @pytest.mark.usefixtures("mfa")
    def test_the_device_must_be_the_callers(self, aws: StrictAws, sts: Any) -> None:
        other = aws.add_user("bob").add_mfa("GAHT12345678")
        for serial in (f"arn:aws:iam::{ACCOUNT}:mfa/nobody", other.serial):
            status, code, message = refusal(sts.get_session_token, SerialNumber=serial, TokenCode=other.code())
            assert (status, code) == (403, "AccessDenied")
            assert "verify your MFA serial number is valid and associated with this user" in message

    @pytest.mark.parametrize("given", ["SerialNumber", "TokenCode"])
    def test_serial_and_code_come_together(self, sts: Any, mfa: Mfa, given: str) -> None:
        value = {"SerialNumber": mfa.serial, "TokenCode": mfa.code()}[given]
        status, code, message = refusal(sts.get_session_token, **{given: value})
        assert (status, code) == (403, "AccessDenied")
        assert "must provide both MFA serial number and one time pass code" in message

    def test_a_role_that_wants_mfa_takes_a_code_or_a_session_made_with_one(
        self, aws: StrictAws, sts: Any, alice: User, mfa: Mfa
    ) -> None:
        role = aws.add_role("admin", trusted=[alice.arn], require_mfa=True)
        assert outcome(assume, client=sts, role=role) == (403, "AccessDenied")
        plain = with_session(aws, sts.get_session_token())
        assert outcome(assume, client=plain, role=role) == (403, "AccessDenied")
        code = {"SerialNumber": mfa.serial, "TokenCode": mfa.fresh_code()}
        assert outcome(assume, client=sts, role=role, **code) == (200, "")
        code = {"SerialNumber": mfa.serial, "TokenCode": mfa.fresh_code()}
        session = with_session(aws, sts.get_session_token(**code))
        assert outcome(assume, client=session, role=role) == (200, "")

    def test_a_role_session_carries_no_mfa_on(self, aws: StrictAws, sts: Any, role: Role, mfa: Mfa) -> None:
        second = aws.add_role("second", trusted=[role.arn], require_mfa=True)
        code = {"SerialNumber": mfa.serial, "TokenCode": mfa.fresh_code()}
        chained = with_session(aws, assume(sts, role, **code))
        assert outcome(assume, client=chained, role=second) == (403, "AccessDenied")
