"""What is remembered between the two halves of a login, in the browser itself: signed, and for ten minutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from exchange.access.tokens import USE, NoToken
from exchange.oidc.errors import LoginFailed
from licence_vault.current import Current
from licence_vault.keystore import Keystore
from licence_vault.presentations.sd_jwt import signed
from onefile.verify.errors import VerificationError
from onefile.verify.jws import open_jws
from onefile.verify.trust import read_trust

COOKIE = "onefile_login"
TYPE = "login+jwt"
LIFE_SECONDS = 600


@dataclass(frozen=True)
class Login:
    """A login that was begun; `verifier` proves to the provider that who ends it began it."""

    provider: str
    state: str
    nonce: str
    verifier: str = field(repr=False)


class Logins:
    """Writes and reads what is remembered."""

    def __init__(self, keystore: Keystore, random: Callable[[int], bytes]) -> None:
        self._signer = Current(keystore, lambda keys: keys.signer(USE))
        self._trust = Current(keystore, lambda keys: read_trust(keys.trust()))
        self._random = random

    def secrets(self) -> tuple[str, str]:
        """Return a nonce and a PKCE verifier."""
        return self._random(16).hex(), self._random(32).hex()

    def written(self, login: Login, at: datetime) -> str:
        """Return a login as the cookie has it."""
        claims = {"provider": login.provider, "state": login.state, "nonce": login.nonce, "verifier": login.verifier,
                  "exp": int(at.timestamp()) + LIFE_SECONDS}  # fmt: skip
        return signed(claims, TYPE, self._signer())

    def read(self, text: str, provider: str, state: str, at: datetime) -> Login:
        """Return the login that a cookie remembers; LoginFailed when it is over, another one, or another provider's."""
        try:
            claims, _ = open_jws(text, TYPE, self._trust(), USE, NoToken)
            found = Login(claims.text("provider"), claims.text("state"), claims.text("nonce"), claims.text("verifier"))
            ends = claims.count("exp")
        except VerificationError:
            raise LoginFailed from None
        if (found.provider, found.state) != (provider, state) or ends <= int(at.timestamp()):
            raise LoginFailed
        return found


def level_of(claims: Mapping[str, Any], claim: str, levels: Mapping[str, int]) -> int:
    """Return the level of assurance that a provider says; 0 where it says none that is known."""
    return levels.get(str(claims.get(claim, "")), 0)
