"""What the counter stands on: made once in each process at its start, and handed to every route."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

import catalog
from catalog.entries import Entry, entries
from catalog.grants import Given
from catalog.model import Catalogue
from exchange import keys
from exchange.access.quota import Quotas
from exchange.access.tokens import Tokens
from exchange.http.signing import USE as ANSWERS
from exchange.http.signing import AnswerSigner
from exchange.oauth.server import TokenEndpoint
from exchange.oidc.logins import Logins
from exchange.oidc.providers import read_providers
from exchange.oidc.relying import RelyingParty
from exchange.prefill.recorder import Standings
from exchange.queries.granted import Scope, scope
from ledger.record import Ledger
from ledger.recorder import Recorder
from licence_vault.at_rest import at_rest_of
from licence_vault.current import Current
from licence_vault.keystore import Keystore
from licence_vault.log_folder import LogFolder
from licence_vault.materials.keeping import Materials
from licence_vault.materials.scanning import Scan, clamd
from licence_vault.materials.stores import store_of
from licence_vault.signers import Signer
from licence_vault.vault import Vault, open_vault
from onefile.settings import Settings, machine_clock
from onefile.verify.attestation import USE as ATTESTATIONS
from onefile.verify.trust import read_trust
from schemas.licence_types import LicenceType
from schemas.serving.pool import Pool

MOST_SCOPES = 1000


@dataclass(frozen=True)
class PooledVault(Vault):
    """The vault, its tables reached through connections that stay open."""

    pool: Pool = field(kw_only=True)

    @contextmanager
    def tables(self) -> Iterator[Connection]:
        with self.pool.writing() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        with self.pool.looking() as connection:
            yield connection


@dataclass(frozen=True)
class Counter:
    """One process's counter. `entries` are the catalogue's by id, `kinds` licence types by code.

    `attester` signs what forms are filled with; `made` and `scopes` are what is made once and used often.
    """

    settings: Settings
    catalogue: Catalogue
    entries: Mapping[str, Entry]
    kinds: Mapping[str, LicenceType]
    keystore: Keystore
    vault_now: Current[PooledVault]
    database: Pool
    ledger: Recorder
    tokens: Tokens
    token_endpoint: TokenEndpoint
    quotas: Quotas
    standings: Standings
    logins: Logins
    parties: Mapping[str, RelyingParty]
    signer: AnswerSigner
    attester: Current[Signer]
    subject_secret: bytes = field(repr=False)
    random: Callable[[int], bytes] = field(repr=False)
    made: dict[str, bytes] = field(default_factory=dict, repr=False)
    scopes: dict[tuple[str, tuple[Given, ...]], Scope] = field(default_factory=dict, repr=False)

    @property
    def vault(self) -> PooledVault:
        """The vault, with the keys that there are now."""
        return self.vault_now()

    @property
    def materials(self) -> Materials:
        """The shared materials of the home."""
        settings = self.settings
        store = store_of(settings.home, settings.materials, settings.materials_key, machine_clock)
        return Materials(self.vault.at_rest, store, self.random)

    @property
    def scan(self) -> Scan | None:
        """What looks for viruses in a material; None where no scanner is set up."""
        return clamd(self.settings.clamd) if self.settings.clamd else None

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return self.settings.now()

    def today(self) -> date:
        """Return the legal day."""
        return self.settings.today()

    def seconds_to_midnight(self) -> int:
        """Return how long the legal day still lasts: then quotas begin anew."""
        now = self.now().astimezone(self.settings.timezone)
        return 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)

    def scope(self, kind: str, granted: tuple[Given, ...]) -> Scope:
        """Return what grants give of files of a kind; kept, for the same grants come again and again."""
        found = self.scopes.get((kind, granted))
        if found is None:
            if len(self.scopes) >= MOST_SCOPES:
                self.scopes.clear()
            found = self.scopes[kind, granted] = scope(self.catalogue, kind, granted)
        return found

    def close(self) -> None:
        """Give back what is held, and close what is open."""
        self.quotas.give_back()
        self.standings.close()
        self.ledger.close()
        self.database.close()


def open_counter(settings: Settings, random: Callable[[int], bytes]) -> Counter:
    """Open the counter of a home: its keys are made on first use, its database is brought up to date.

    Raises:
        OneFileError: declarations, keystore, database or ledger cannot be used; the message says which.
    """
    known = catalog.load(settings.declarations)
    vault = open_vault(
        settings.home, settings.database_url, settings.passphrase_file, settings.log_origin, settings.now()
    )
    keystore = vault.keystore
    keys.ensure(keystore, settings.now())
    pool = Pool(settings.database_url)

    def pooled(held: Keystore) -> PooledVault:
        trust = read_trust(held.trust())
        return PooledVault(
            vault.home, vault.url, held, at_rest_of(held), LogFolder(vault.log.folder, trust), trust, pool=pool
        )

    tokens = Tokens(keystore, settings.counter_url, random)
    return Counter(
        settings=settings,
        catalogue=known,
        entries=entries(known),
        kinds={kind.code: kind for kind in known.declarations.licences.values()},
        keystore=keystore,
        vault_now=Current(keystore, pooled),
        database=pool,
        ledger=Recorder(Ledger(settings.home / "ledger", keystore)),
        tokens=tokens,
        token_endpoint=TokenEndpoint(pool, tokens, settings.counter_url, settings.now),
        quotas=Quotas(pool),
        standings=Standings(pool),
        logins=Logins(keystore, random),
        parties=_parties(settings),
        signer=AnswerSigner(Current(keystore, lambda held: held.signer(ANSWERS)), settings.now),
        attester=Current(keystore, lambda held: held.signer(ATTESTATIONS)),
        subject_secret=keystore.secret("subject-hash"),
        random=random,
    )


def _parties(settings: Settings) -> Mapping[str, RelyingParty]:
    """Return a relying party for each identity provider."""
    return {
        name: RelyingParty(provider, f"{settings.counter_url}/oidc/{name}/callback", settings.now)
        for name, provider in read_providers(settings.oidc).items()
    }
