"""`make counter`: the counter over the demonstration's data, with three clients that may ask at once.

Their private keys lie in `clients/` in the home, as departments would keep them; who they are and what they may have is
registered as a bureau would do it. Made once for a home; again, only the server starts.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import Connection, select

import catalog
from catalog import granted_rows
from catalog import requests as sharing
from catalog.cases import store
from catalog.cases.store import CaseFile
from catalog.entries import Entry, entries
from catalog.model import Catalogue
from catalog.requests import Wanted
from catalog.sharing_store import Actor, cases
from exchange.clients import registry
from exchange.clients.keys import read_key
from exchange.clients.registry import Wish
from ledger.entry import subject_hash
from licence_vault.keystore import bureau
from onefile import settings as settings_module
from onefile.files import write_whole
from onefile.settings import Settings
from onefile.verify.reading import instant_text
from schemas.serving.connection import looking, writing
from schemas.serving.errors import NothingPublished
from schemas.serving.migration import upgrade
from schemas.serving.reading import reading
from schemas.serving.record_writing import newest
from schemas.serving.tables import SUBJECT

CLIENTS = (
    ("intake-platform", "受理平台", "intake", "data_bureau"),
    ("market-permits", "市场监管审批系统", "system", "market"),
    ("tax-registration", "税务登记系统", "system", "tax"),
)
GRANTS = (
    ("market", "police.population", ("number", "name", "sex", "birth_on", "address", "area"), "query"),
    ("market", "human_resources.social_insurance", ("person_number", "base_cents"), "check"),
    ("tax", "licence.business_licence", ("ZZBH", "ZZBS", "CZZT", "ZZYXQQSRQ"), "licence"),
    # The intake platform's, to fill forms with: POST /v1/prefill.
    ("data_bureau", "police.population", ("number", "name", "birth_on", "state", "died_on", "address", "area"),
     "query"),
    ("data_bureau", "market.enterprises", ("code", "name", "legal_representative", "status", "cancelled_on", "address",
                                           "area"), "query"),
    ("data_bureau", "market.food_permits", ("permit_no", "holder_code", "state", "expires_on"), "query"),
    ("data_bureau", "licence.business_licence", ("ZZBH", "ZZBS", "CZZT"), "licence"),
)  # fmt: skip
ITEM, DRAFT = "0102", "DRAFT-1"
LAST_QUIET_DAY = (11, 1)
"""After it the clocks of a request may run into a year whose holidays are not announced yet."""


def main(arguments: Sequence[str]) -> int:
    """Make ready what is missing, say how to ask, and serve until it is stopped."""
    settings = settings_module.read()
    if not _is_published(settings):
        from samples import demo

        if demo.main():
            return 1
    port = int(arguments[0]) if arguments else 8600
    told = ready(settings, f"http://127.0.0.1:{port}")
    if not _is_supplied(settings):  # the grants are new: the rows that they give come with a run
        subprocess.run([sys.executable, "-m", "onefile.cli", "run"], check=True)
    for line in told:
        print(line, flush=True)
    from onefile.services import counter

    counter.serve(settings, "127.0.0.1", port, 2)
    return 0


def ready(settings: Settings, url: str) -> list[str]:
    """Register clients, grants and a draft where they are missing; return how to ask, for the screen."""
    upgrade(settings.database_url)
    known, at = catalog.load(settings.declarations), settings.now()
    listed = entries(known)
    with writing(settings.database_url) as connection:
        for client_id, name, kind, department in CLIENTS:
            if registry.find(connection, client_id) is None:
                key = read_key(_key(settings, client_id))
                registry.add(connection, Wish(client_id, name, kind, department), key, "make counter", at)
        grants = [grant(connection, known, listed[entry], department, fields, mode, settings)
                  for department, entry, fields, mode in GRANTS]  # fmt: skip
        number = _somebody(connection)
        if number is not None and store.find(connection, DRAFT) is None:
            _draft(connection, settings, number[0], at)
    return _told(settings, url, grants, number[1] if number else "")


def _is_supplied(settings: Settings) -> bool:
    with looking(settings.database_url) as connection:
        granted = granted_rows.columns(connection, entries(catalog.load(settings.declarations)), settings.today())
        held = newest(connection)
    return all(name in held and {*fields} <= {*held[name].fields} for name, fields in granted.items())


def _is_published(settings: Settings) -> bool:
    try:
        with reading(settings.database_url):
            pass
        with looking(settings.database_url) as connection:
            return _somebody(connection) is not None
    except NothingPublished:
        return False


def _somebody(connection: Connection) -> tuple[str, str] | None:
    """Return id and number of the first person there is a file of; nobody in the city is real."""
    asked = select(SUBJECT.c.subject_id, SUBJECT.c.number).where(SUBJECT.c.kind == "person")
    row = connection.execute(asked.order_by(SUBJECT.c.subject_id).limit(1)).one_or_none()
    return None if row is None else (str(row[0]), str(row[1]))


def _key(settings: Settings, client_id: str) -> bytes:
    """Make a client's key pair: the private half into `clients/`; return the public one."""
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(settings.home / "clients" / f"{client_id}.pem", pem)
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def grant(
    connection: Connection, known: Catalogue, entry: Entry, department: str, fields: tuple[str, ...], mode: str,
    settings: Settings,
) -> str:  # fmt: skip
    """Return a department's grant for an entry that gives the fields; where there is none, it applies for it."""
    for case in cases(connection, "G"):
        is_alike = (case.consumer, case.entry_id, case.state) == (department, entry.id, "active")
        if is_alike and case.wants["mode"] == mode and {*fields} <= {*case.fields}:
            return case.id
    day = min(settings.today(), date(settings.today().year, *LAST_QUIET_DAY))
    wanted = Wanted(
        fields, "", (), "Order 809 of the State Council, art. 19", "food permits", "applicants of open cases", mode,
        day.isoformat(), (day + timedelta(days=365)).isoformat(), 100_000, "PIA-DEMO",
    )  # fmt: skip
    case = sharing.apply(connection, wanted, entry, Actor("consumer", department, "demo", settings.now(), day))
    for action, role, who in (("approve", "office", department), ("grant", "provider", entry.provider)):
        if case.state != "granted":
            actor = Actor(role, who, "demo", settings.now(), day)
            case = sharing.act(connection, case.id, action, actor, "for the demonstration", entry, known.sharing)
    return next(found.id for found in cases(connection, "G") if found.request_id == case.id)


def _draft(connection: Connection, settings: Settings, subject_id: str, at: datetime) -> None:
    secret = bureau(settings.home, settings.passphrase_file, at).secret("subject-hash")
    case = CaseFile(
        case_id="demo-1", draft_no=DRAFT, case_no=None, parent_id=None, item=ITEM, department="market",
        registrar="data_bureau", registered_by="make counter", stage="", kind="promised", state="draft", step_count=0,
        officer="", result="", opened_at=instant_text(at), accepted_on=None, stopped_on=None, stopped_days=0,
        legal_days=20, promised_days=5, legal_due_on=None, promised_due_on=None, closed_at=None,
    )  # fmt: skip
    store.register(connection, case, [(subject_hash(secret, subject_id), "applicant")])


def _told(settings: Settings, url: str, grants: Sequence[str], number: str) -> list[str]:
    names = ", ".join(client_id for client_id, *_ in CLIENTS)
    return [
        f"The counter: {url}/openapi.json. Clients: {names}; their keys are in {settings.home / 'clients'}.",
        f"Grants: {', '.join(grants)}. Draft: {DRAFT}, item {ITEM}. Stop with Ctrl-C. In another shell:",
        "",
        "  .venv/bin/python - <<'END'",
        "  from pathlib import Path",
        "  from onefile.client import Counter, Purpose",
        f"  home = Path({str(settings.home)!r})",
        "  key, trust = home / 'clients/market-permits.pem', home / 'keys/trust.json'",
        f"  with Counter({url!r}, 'market-permits', key.read_bytes(), trust.read_bytes()) as ask:",
        f"      print(ask.files(Purpose({grants[0]!r}, {ITEM!r}, {DRAFT!r}), [{number!r}]))",
        "  END",
        "",
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
