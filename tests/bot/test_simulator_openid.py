"""The simulator's contract at OpenID Connect: it refuses what Slack refuses, and its tokens can be verified."""

import base64
import hashlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt
import pytest

from bot.simulator import Simulator

VERIFIER = "v" * 43
BACK = "https://people.example/signin/slack/callback"


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def asked(sim, **changes):
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    return {
        "response_type": "code", "scope": "openid profile email", "client_id": sim.openid.client_id,
        "redirect_uri": BACK, "state": "s", "nonce": "n", "code_challenge": challenge,
        "code_challenge_method": "S256", **changes,
    }  # fmt: skip


async def exchanged(sim, session, code, **changes):
    form = {
        "client_id": sim.openid.client_id, "client_secret": sim.openid.client_secret, "code": code,
        "redirect_uri": BACK, "code_verifier": VERIFIER, **changes,
    }  # fmt: skip
    async with session.post(sim.api_url + "openid.connect.token", data=form) as response:
        return await response.json()


def code_for(sim, user):
    return parse_qs(urlsplit(sim.openid.consents(asked(sim), user_id=user.id)).query)["code"][0]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "other"}, "invalid_client_id"), ({"client_secret": "other"}, "bad_client_secret"),
        ({"redirect_uri": "https://evil.example"}, "bad_redirect_uri"), ({"code": "other"}, "invalid_code"),
        ({"code_verifier": "w" * 43}, "invalid_code_verifier"), ({"code_verifier": ""}, "invalid_code_verifier"),
    ],
    ids=str,
)  # fmt: skip
async def test_a_code_is_exchanged_for_nobody_else(sim, session, changes, error):
    code = code_for(sim, sim.adds("Ada Lovelace"))

    assert {"ok": False, "error": error} == await exchanged(sim, session, **{"code": code, **changes})


async def test_a_code_works_once(sim, session):
    code = code_for(sim, sim.adds("Ada Lovelace"))

    assert [True, False] == [(await exchanged(sim, session, code))["ok"] for _ in range(2)]


@pytest.mark.parametrize(
    "changes", [{"client_id": "x"}, {"scope": "users:read"}, {"response_type": "token"}, {"redirect_uri": ""}], ids=str
)
async def test_a_wrong_question_is_not_put_to_anybody(sim, session, changes):
    async with session.get(sim.url + "/openid/connect/authorize", params=asked(sim, **changes)) as response:
        assert 400 == response.status


async def test_a_token_is_verified_by_the_published_keys(sim, session):
    ada = sim.adds("Ada Lovelace")
    token = (await exchanged(sim, session, code_for(sim, ada)))["id_token"]
    async with session.get(sim.url + "/openid/connect/keys") as response:
        keys = jwt.PyJWKSet.from_dict(await response.json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=sim.openid.client_id, issuer=sim.url)

    assert (ada.id, "n", sim.team_id) == (claims["sub"], claims["nonce"], claims["https://slack.com/team_id"])


async def test_the_page_has_a_link_for_each_person_and_one_to_say_no(sim, session):
    ada = sim.adds("Ada Lovelace")
    there = sim.url + "/openid/connect/authorize"
    async with session.get(there, params=asked(sim)) as response:
        page = await response.text()
    async with session.get(there, params=asked(sim, **{"as": ada.id}), allow_redirects=False) as agreed:
        pass
    async with session.get(there, params=asked(sim, deny="1"), allow_redirects=False) as denied:
        pass

    assert "Continue as Ada Lovelace" in page
    assert agreed.headers["Location"].startswith(f"{BACK}?code=")
    assert f"{BACK}?error=access_denied&state=s" == denied.headers["Location"]
