"""A counter for tests: a home with published files, grants and clients, and the real app over it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import delete, insert
from starlette.testclient import TestClient
from uvicorn import Config, Server

import catalog
from catalog import requests as sharing
from catalog.entries import entries
from catalog.requests import Wanted
from catalog.sharing_store import Actor
from exchange.app import create_app
from exchange.clients import registry
from exchange.clients.keys import read_key
from exchange.clients.registry import Wish
from exchange.counter import Counter, open_counter
from exchange.http.connections import OPTIONS
from ledger.entry import Entry
from onefile import client as library
from onefile import settings as settings_module
from onefile.client import Purpose
from schemas.serving import migration
from schemas.serving.connection import writing
from schemas.serving.record_writing import Record, RecordBatch, RecordPublication, record
from schemas.serving.tables import counter_tables
from schemas.serving.writing import Batch, File
from schemas.subjects import subject_numbers

AT = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
ITEM = "0102"
ANNA, BELA, NOBODY = "690101199001010018", "690101198502030020", "690101197705050019"
FIRM = "91690101MA00000158"
CATALOGUE = catalog.load()
ENTRIES = entries(CATALOGUE)
DEPARTMENTS = ("market", "tax", "data_bureau")


def said(value: object, resource: str = "police.population", **more: object) -> dict[str, object]:
    """A value as gold has it."""
    return {
        "value": value, "resource": resource, "department": resource.split(".")[0], "record": "r" * 16,
        "delivery": "d-1", "row_no": 1, "observed_on": "2026-11-01", "rank": 1, "reason": "lead", **more,
    }  # fmt: skip


def person(number: str, name: str, **more: object) -> dict[str, Any]:
    """A person's document."""
    return {
        "number_type": "citizen",
        "number": number, "name": said(name), "birth_on": said("1990-01-01"), "sex": said("1"),
        "area": said("690101"), "address": said("样例路1号"), "marital_status": said("20", "civil_affairs.marriages"),
        "phone": said("13900000000", "human_resources.social_insurance"),
        "insurance_base_cents": said(800000, "human_resources.social_insurance"),
        "contradictions": [], "relations": [], "identifiers": [], **more,
    }  # fmt: skip


@dataclass
class Key:
    """A client's key pair."""

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Shop:
    """A home, its counter in this process, and clients of it. `at` is the present instant."""

    def __init__(self, home: Path, url: str | None = None, **environ: str) -> None:
        self.home, self.at = home, AT
        self.environ = {"ONEFILE_HOME": str(home), "ONEFILE_LANG": "en", **environ}
        if url:
            self.environ["ONEFILE_DATABASE_URL"] = url
        self.settings = replace(settings_module.read(self.environ), fixed_now=AT)
        self.url = self.settings.database_url
        self.keys: dict[str, Key] = {}
        migration.upgrade(self.url)

    def follow_the_clock(self) -> None:
        """Let it be now: where others look at the clock as well."""
        self.at = datetime.now(UTC)

    def publish(self, *documents: dict[str, Any], version: int = 12) -> None:
        """Publish one files, as of a version of the lake."""
        with writing(self.url) as connection:
            for content in documents:
                (known,) = subject_numbers(content["number"])
                text = json.dumps({"subject_id": known.subject_id, **content}, ensure_ascii=False)
                digest = hashlib.sha256(text.encode()).hexdigest()
                pairs = ((known.number_type, known.number),)
                made = File(known.subject_id, known.number_type, known.number, digest, text, pairs)
                Batch(connection, known.kind, version, "2026-11-29T00:30:00Z").put([made])

    def supply(self, resource: str, version: int, *rows: tuple[str, str, dict[str, Any]], fields: str = "") -> None:
        """Bring rows of a resource to the counter: record, whose numbers (with blanks), columns with `observed_on`."""
        names = tuple(fields.split()) or tuple(item.name for item in ENTRIES[resource].items)
        at = "2026-11-29T00:30:00Z"
        records = [_record(*row) for row in rows]
        with writing(self.url) as connection:
            batch = RecordBatch(connection, resource, names, version, at)
            batch.put(records)
            batch.see(each.record for each in records)
            batch.remove_unseen()
            record(connection, RecordPublication(resource, names, "", "t", None, version, -1, 0, at, len(rows), 0))

    def grant(self, entry_id: str, fields: tuple[str, ...], consumer: str = "market", **changes: Any) -> str:
        """Have a department apply for a resource, and the provider grant it; return the grant's id."""
        wanted = Wanted(
            **{
                "fields": fields,
                "rows": "",
                "items": (),
                "basis": "Order 809",
                "scenario": "permits",
                "scope": "cases",
                "mode": "query",
                "valid_from": "2026-11-01",
                "valid_until": "2026-12-31",
                "quota": 1000,
                "assessment": "PIA 1",
                **changes,
            }
        )
        entry = ENTRIES[entry_id]
        with writing(self.url) as connection:
            case = sharing.apply(connection, wanted, entry, self.actor("consumer", consumer))
            steps = (("approve", "office", consumer), ("grant", "provider", entry.provider))
            for action, role, department in steps:
                if case.state == "granted":
                    break
                actor = self.actor(role, department)
                case = sharing.act(connection, case.id, action, actor, "agreed", entry, CATALOGUE.sharing)
        return case.id.replace("R", "G", 1)

    def actor(self, role: str, department: str) -> Actor:
        return Actor(role, department, "officer-1", self.at, self.at.date())

    def client(self, client_id: str, department: str, kind: str = "system", certificate: str = "") -> Key:
        """Register a client."""
        key = self.keys.setdefault(client_id, Key())
        with writing(self.url) as connection:
            wish = Wish(client_id, client_id, kind, department, certificate)
            registry.add(connection, wish, read_key(key.public), "tests", self.at)
        return key

    @contextmanager
    def open(self) -> Iterator[Open]:
        """Open the counter in this process."""
        object.__setattr__(self.settings, "now", lambda: self.at)
        object.__setattr__(self.settings, "today", lambda: self.at.astimezone(self.settings.timezone).date())
        counter = open_counter(self.settings, os.urandom)
        with TestClient(create_app(counter), base_url=counter.settings.counter_url) as http:
            yield Open(self, counter, http)


def _record(record_key: str, numbers: str, values: dict[str, Any]) -> Record:
    text = json.dumps({name: value for name, value in values.items() if name != "observed_on"}, ensure_ascii=False)
    on = values.get("observed_on", "2026-11-01")
    subjects = tuple(known.subject_id for number in numbers.split() for known in subject_numbers(number))
    return Record(record_key, subjects, on, "d-1", 1, hashlib.sha256(f"{on}{text}".encode()).hexdigest(), text)


@dataclass
class Open:
    """A counter that is open. `http` asks it bare, `library` as departments do."""

    shop: Shop
    counter: Counter
    http: TestClient

    def ask(self, client_id: str) -> library.Counter:
        """Return the client library over this counter."""
        return library.Counter(
            self.counter.settings.counter_url, client_id, self.shop.keys[client_id].pem, self.trust,
            transport=self.http._transport, now=lambda: self.shop.at, pause=self._later,
        )  # fmt: skip

    @property
    def trust(self) -> bytes:
        return (self.shop.home / "keys" / "trust.json").read_bytes()

    def _later(self, seconds: float) -> None:
        self.shop.at += timedelta(seconds=seconds)

    def case(self, draft: str = "D-1", item: str = ITEM, parties: tuple[str, ...] = (ANNA,), **more: Any) -> str:
        """Register a draft as the intake platform does."""
        people = [{"number": number, "role": "applicant"} for number in parties]
        self.ask("intake").register_case(draft, item, more.pop("department", "market"), people, **more)
        return draft

    def bearer(self, client_id: str, **headers: str) -> Mapping[str, str]:
        """Return the headers of a bare request."""
        return {"Authorization": f"Bearer {self.ask(client_id).token()}", **headers}

    def official(self, *roles: str, department: str = "data_bureau") -> str:
        """Register an official with roles, as if logged in; return the token."""
        named = f"clerk-{'-'.join(roles)}-{department}"
        at = self.shop.at.isoformat()
        with writing(self.shop.url) as connection:
            row = counter_tables.COUNTER_OFFICIAL.c
            connection.execute(delete(counter_tables.COUNTER_OFFICIAL).where(row.subject == named))
            connection.execute(insert(counter_tables.COUNTER_OFFICIAL).values(
                issuer="https://id.example", subject=named, name=named, department=department, roles=" ".join(roles),
                until="2027-12-31", registered_at=at, registered_by="tests"))  # fmt: skip
        return self.counter.tokens.make("official", f"https://id.example#{named}", self.shop.at)

    def looks(self) -> list[Entry]:
        """Return the ledger's entries of looks."""
        return [entry for entry in self.counter.ledger.ledger.entries() if not entry.purpose.startswith("ledger.")]


def purpose(grant: str, case: str = "D-1", item: str = ITEM) -> Purpose:
    return Purpose(grant, item, case)


@contextmanager
def listening(opened: Open) -> Iterator[int]:
    """Let a counter listen on a socket, in a thread, served as `onefile serve` does; the value is the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(Config(opened.http.app, lifespan="off", **OPTIONS))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            thread.join(30)


def start(shop: Shop, port: int, processes: int = 2) -> subprocess.Popen[bytes]:
    """Start `onefile serve` over a home, in a process group of its own, and wait until it answers."""
    command = [sys.executable, "-m", "onefile.cli", "serve", "--port", str(port), "--processes", str(processes)]
    here = {"ONEFILE_COUNTER_URL": f"http://127.0.0.1:{port}", "ONEFILE_NOW": shop.at.isoformat()}
    server = subprocess.Popen(command, env={**os.environ, **shop.environ, **here}, start_new_session=True)
    until = time.monotonic() + 90
    while time.monotonic() < until and server.poll() is None:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return server
        except httpx2.HTTPError:
            time.sleep(0.2)
    raise AssertionError("the server did not start")
