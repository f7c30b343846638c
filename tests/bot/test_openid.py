"""What Slack says at sign-in, word by word: which key counts, for whom a token is, and how often we ask anew."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, cast

import jwt
import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from bot.openid import ASK_AGAIN_WITHIN_S, ISSUER, MOST_ASKED_AGAIN, TEAM, USER, OpenIdClient, OpenIdRefused

OURS = "our-app"
WHO = ("T1", "U1")
Json = dict[str, Any]


def a_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


class Asking(OpenIdClient):
    """A client whose Slack is a few values; `now_s` is its clock."""

    def __init__(self, **keys: RSAPrivateKey) -> None:
        everywhere = {"is_installed": lambda _: True, "only_team": str, "monotonic": lambda: self.now_s}
        super().__init__(
            cast("ClientSession", None), client_id=OURS, client_secret="s", public_url="https://x", **everywhere
        )
        self.published: list[tuple[str | None, RSAPrivateKey]] = list(keys.items())
        self.answer: Json = {}
        self.fetched = 0
        self.now_s = 0.0

    async def _asked(self, method: str, _url: str, _form: Mapping[str, str] | None = None) -> Json:
        if method == "POST":
            return self.answer
        self.fetched += 1
        public = [
            (key_id, jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), True)) for key_id, key in self.published
        ]
        return {"keys": [{**key, **({"kid": key_id} if key_id else {})} for key_id, key in public]}

    async def is_told(self, key: RSAPrivateKey, key_id: str | None, **claims: Any) -> tuple[str, str]:
        """Exchange a code for a token that is signed so."""
        now = int(time.time())
        told = {"iss": ISSUER, "aud": OURS, "iat": now, "exp": now + 60, "nonce": "n", TEAM: "T1", USER: "U1"}
        headers = {"kid": key_id} if key_id else None
        token = jwt.encode({"sub": "U1", **told, **claims}, key, algorithm="RS256", headers=headers)
        self.answer = {"ok": True, "id_token": token}
        return await self.identify(code="c", verifier="v", nonce="n")


async def test_tokens_with_made_up_keys_do_not_shut_out_a_new_key_of_slacks() -> None:
    old, new = a_key(), a_key()
    client = Asking(old=old)
    for _ in range(MOST_ASKED_AGAIN - 1):
        with pytest.raises(OpenIdRefused):
            await client.is_told(new, "made up")
    client.published = [("new", new)]

    assert WHO == await client.is_told(new, "new")


async def test_nobody_makes_us_ask_slack_at_will() -> None:
    old, new = a_key(), a_key()
    client = Asking(old=old)
    for key_id in ["old", "made up"] * MOST_ASKED_AGAIN:
        with pytest.raises(OpenIdRefused):
            await client.is_told(new, key_id)
    fetched = client.fetched
    client.published, client.now_s = [("new", new)], ASK_AGAIN_WITHIN_S

    assert 1 + MOST_ASKED_AGAIN == fetched
    assert WHO == await client.is_told(new, "new")


async def test_a_key_that_takes_the_place_of_another_is_fetched() -> None:
    old, new = a_key(), a_key()
    client = Asking(same=old)
    await client.is_told(old, "same")
    client.published = [("same", new)]

    assert WHO == await client.is_told(new, "same")
    assert 2 == client.fetched


@pytest.mark.parametrize("audience", [[OURS, "another"], ["another"], []])
async def test_a_token_that_is_for_others_as_well_is_refused(audience: list[str]) -> None:
    key = a_key()
    with pytest.raises(OpenIdRefused):
        await Asking(one=key).is_told(key, "one", aud=audience)

    assert WHO == await Asking(one=key).is_told(key, "one", aud=[OURS])


async def test_a_single_key_needs_no_name() -> None:
    key = a_key()
    client = Asking()
    client.published = [(None, key)]

    assert WHO == await client.is_told(key, None)
    for published in ([(None, key), (None, a_key())], [("one", key)]):
        client = Asking()
        client.published = list(published)
        with pytest.raises(OpenIdRefused):
            await client.is_told(key, None)


@pytest.mark.parametrize("answer", [{}, {"ok": 1}, {"error": 5}, {"id_token": "x"}], ids=str)
async def test_an_answer_that_says_neither_yes_nor_no_is_told_as_that(answer: Json) -> None:
    client = Asking()
    client.answer = answer

    with pytest.raises(OpenIdRefused, match="could not be understood"):
        await client.identify(code="c", verifier="v", nonce="n")
