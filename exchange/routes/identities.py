"""`/oidc/{provider}`: officials and applicants log in; `/v1/me`: who one is here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import Response

from exchange.access import standing
from exchange.access.asking import Ask, asking, written
from exchange.access.tokens import LIFE_SECONDS
from exchange.errors import GuardianNeeded
from exchange.oidc import officials
from exchange.oidc.errors import LoginFailed, NotRegistered, UnknownProvider
from exchange.oidc.logins import COOKIE, Login, level_of
from exchange.oidc.providers import OFFICIALS
from exchange.oidc.relying import RelyingParty
from exchange.routes.offering import About, offer
from schemas.subjects import NotASubjectNumber, subject_numbers

router = APIRouter()
LOGIN = About("Log in by an identity provider", {302: None}, is_open=True)
CALLBACK = About("Where the identity provider sends the browser back to", {200: dict}, is_open=True)
Public = Annotated[Ask, Depends(asking("public"))]


class Me(BaseModel):
    """Who the token's owner is here. `acting_for` is the mandate under which this is asked, if any."""

    kind: str
    id: str
    name: str
    department: str
    roles: list[str]
    assurance: int
    acting_for: dict[str, Any] | None


@offer(router, "GET", "/oidc/{provider}/login", "public", LOGIN)
def login(ask: Public, provider: str) -> Response:
    """Send the browser to an identity provider (authorization code flow, PKCE, nonce)."""
    party = _party(ask, provider)
    nonce, verifier = ask.counter.logins.secrets()
    begun = party.begin(nonce, verifier)
    kept = ask.counter.logins.written(Login(provider, begun.state, nonce, verifier), ask.counter.now())
    response = Response(status_code=302, headers={"Location": begun.address, "Cache-Control": "no-store"})
    is_secure = ask.counter.settings.counter_url.startswith("https://")
    response.set_cookie(
        COOKIE, kept, max_age=LIFE_SECONDS, path=f"/oidc/{provider}", httponly=True, samesite="lax", secure=is_secure
    )  # fmt: skip
    return response


@offer(router, "GET", "/oidc/{provider}/callback", "public", CALLBACK)
def callback(
    ask: Public, provider: str, code: Annotated[str, Query(max_length=4000)] = "",
    state: Annotated[str, Query(max_length=400)] = "",
) -> Response:  # fmt: skip
    """Give whom the provider knows, and the bureau has registered, an access token for ten minutes."""
    party = _party(ask, provider)
    if not code or not state:
        raise LoginFailed
    begun = ask.counter.logins.read(ask.request.cookies.get(COOKIE, ""), provider, state, ask.counter.now())
    claims = party.finish(code, begun.nonce, begun.verifier)
    token = _official(ask, party, claims) if party.provider.knows == OFFICIALS else _applicant(ask, party, claims)
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": LIFE_SECONDS}
    response = Response(written(answer), headers={"Cache-Control": "no-store"}, media_type="application/json")
    response.delete_cookie(COOKIE, path=f"/oidc/{provider}")
    return response


@offer(router, "GET", "/v1/me", "self.read", About("Who one is here", {200: Me}))
def me(ask: Annotated[Ask, Depends(asking("self.read"))]) -> Response:
    """Say as whom one is known, in which roles, and for whom one acts."""
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
    mandate = caller.acting_for
    document = {
        "kind": caller.kind, "id": caller.id, "name": caller.name, "department": caller.department,
        "roles": sorted(caller.roles), "assurance": caller.assurance,
        "acting_for": None if mandate is None else {"mandate": mandate.mandate_id, "relation": mandate.relation,
                                                    "until": mandate.until},
    }  # fmt: skip
    return Response(written(document), media_type="application/json")


def _party(ask: Ask, name: str) -> RelyingParty:
    party = ask.counter.parties.get(name)
    if party is None:
        raise UnknownProvider
    return party


def _official(ask: Ask, party: RelyingParty, claims: Mapping[str, Any]) -> str:
    issuer, subject = party.provider.issuer, str(claims["sub"])
    with ask.counter.database.looking() as connection:
        if not officials.is_registered(connection, issuer, subject, ask.counter.today().isoformat()):
            raise NotRegistered
    return ask.counter.tokens.make("official", f"{issuer}#{subject}", ask.counter.now())


def _applicant(ask: Ask, party: RelyingParty, claims: Mapping[str, Any]) -> str:
    """Return the token of an applicant: the subject of the number that the provider proved, at its level.

    Raises:
        LoginFailed: there is no such number, or no level.
        GuardianNeeded: a child under 14 comes.
    """
    provider = party.provider
    level = level_of(claims, provider.assurance_claim, provider.levels)
    try:
        numbers = subject_numbers(str(claims.get(provider.number_claim, "")))
    except NotASubjectNumber:
        raise LoginFailed from None
    if len(numbers) != 1 or level < 1:
        raise LoginFailed
    known = numbers[0]
    with ask.counter.database.looking() as connection:
        if standing.is_child(standing.somebody(connection, known.subject_id, numbers), ask.counter.today()):
            raise GuardianNeeded
    return ask.counter.tokens.make("applicant", known.subject_id, ask.counter.now(), assurance=level)
