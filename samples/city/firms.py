"""Enterprises, who holds them, and what the market regulator says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from samples.city import numbers, words
from samples.city.calendar import NEVER, YEAR, number
from samples.city.chance import Chance, Flags, Ints
from samples.city.numbers import AREAS, Codes
from samples.city.people import NOBODY, People

CLASSES = ("1130", "1151", "1190", "1222", "4540")
CLASS_SHARES = (0.45, 0.33, 0.1, 0.03, 0.09)
CURRENCIES, CURRENCY_SHARES = ("CNY", "USD", "HKD", "EUR"), (0.97, 0.015, 0.01, 0.005)
PENALTY_KINDS = ("1", "3", "4", "10")
_CAPITAL = (3, 5, 10, 20, 30, 50, 80, 100, 100, 150, 200, 300, 500, 500, 800, 1000, 1000, 2000, 3000, 5000)
_WAN_CENTS = 1_000_000
FIRST_DAY = number(date(1988, 1, 1))


@dataclass
class Firms:
    """Arrays by enterprise. `kind`, `currency`, `industry` are places in lists; `head` is a person, `capital` cents."""

    code: Codes
    area: Ints
    kind: Ints
    industry: Ints
    currency: Ints
    capital: Ints
    established: Ints
    cancelled: Ints
    is_revoked: Flags
    head: Ints
    moves: Ints
    updated: Ints
    taxed: Ints
    tax_updated: Ints

    def __len__(self) -> int:
        return len(self.area)

    def is_active(self) -> Flags:
        """Say which enterprises are in being."""
        found: Flags = (self.cancelled == NEVER) & ~self.is_revoked
        return found


@dataclass
class Holdings:
    """Arrays by contribution: of which enterprise, by which person or enterprise, ten-thousandths of the capital."""

    firm: Ints
    serial: Ints
    person: Ints
    holder: Ints
    share: Ints
    since: Ints
    until: Ints
    updated: Ints


@dataclass
class Permits:
    """Arrays by food permit; `kind` 1 or 2 as the code list has it, `ended` the day it was cancelled."""

    firm: Ints
    kind: Ints
    issued: Ints
    ended: Ints


@dataclass
class Penalties:
    """Arrays by decision, on an enterprise or on a person (the other is nobody)."""

    firm: Ints
    person: Ints
    kind: Ints
    decided: Ints


def found(chance: Chance, rows: Ints, people: People, on: int, since: int = FIRST_DAY) -> Firms:
    """Return the enterprises of these row numbers, founded from `since` to `on`."""
    established = since + (chance.of("established", rows) ** 0.4 * (on - since)).astype(np.int64)
    life = chance.below("closed after", rows, 9000)
    is_closed = chance.share("closed", rows, 0.1) & (established + life < on)
    cancelled = np.where(is_closed, established + life, NEVER)
    updated = established + (chance.of("register updated", rows) * (on - established)).astype(np.int64)
    updated = np.where(is_closed, cancelled, updated)
    area = chance.below("enterprise area", rows, len(AREAS))
    return Firms(
        code=numbers.credit_codes(area, rows),
        area=area,
        kind=chance.weighted("enterprise class", rows, CLASS_SHARES),
        industry=chance.below("industry", rows, len(words.INDUSTRIES)),
        currency=chance.weighted("currency", rows, CURRENCY_SHARES),
        capital=np.array(_CAPITAL)[chance.below("capital", rows, len(_CAPITAL))] * _WAN_CENTS,
        established=established,
        cancelled=cancelled,
        is_revoked=chance.share("revoked", rows, 0.03) & ~is_closed & (established < on - 1000),
        head=_grown(chance, "head", rows, people, established, on),
        moves=np.zeros(len(rows), dtype=np.int64),
        updated=updated,
        taxed=np.where(chance.share("taxed", rows, 0.93), np.minimum(established + 20, on), NEVER),
        tax_updated=np.maximum(np.minimum(established + 20, on), updated),
    )


def held(chance: Chance, firms: Firms, rows: Ints, people: People, on: int) -> Holdings:
    """Return the contributions to the capital of some enterprises; the shares of each add up to all."""
    kind = firms.kind[rows]
    several = 2 + chance.below("holders", rows, 3)
    count = np.where((kind == 1) | (kind == 4), 1, several)
    firm = np.repeat(rows, count)
    serial = np.arange(len(firm)) - np.repeat(np.cumsum(count) - count, count)
    key = firm * 8 + serial
    person = np.where(serial == 0, firms.head[firm], _grown(chance, "holder", key, people, firms.established[firm], on))
    other = chance.below("holding enterprise", key, max(1, len(firms)))
    is_older = (other != firm) & (firms.established[other] < firms.established[firm])
    by_firm = (serial == 1) & (firms.kind[firm] == 2) & is_older
    return Holdings(
        firm=firm,
        serial=serial + 1,
        person=np.where(by_firm, NOBODY, person),
        holder=np.where(by_firm, other, NOBODY),
        share=_shares(count),
        since=firms.established[firm],
        until=np.full(len(firm), NEVER, dtype=np.int64),
        updated=firms.established[firm],
    )


def licensed(chance: Chance, firms: Firms, rows: Ints, on: int) -> Permits:
    """Return the food permits of those enterprises that sell or serve food."""
    kind = np.array([industry[3] for industry in words.INDUSTRIES])[firms.industry[rows]]
    firm = rows[(kind > 0) & chance.share("has permit", rows, 0.9)]
    start = np.maximum(firms.established[firm] + 30, on - 1700)
    issued = start + (chance.of("permit issued", firm) * np.maximum(0, on - start)).astype(np.int64)
    kept = issued <= on
    firm, issued = firm[kept], issued[kept]
    ended = np.where(firms.cancelled[firm] < NEVER, np.maximum(firms.cancelled[firm], issued), NEVER)
    kinds = np.array([industry[3] for industry in words.INDUSTRIES])[firms.industry[firm]]
    return Permits(firm, kinds, issued, ended)


def punished(chance: Chance, firms: Firms, people: People, on: int) -> Penalties:
    """Return the penalties of the last three years: a few enterprises, and hardly any person."""
    rows, persons = np.arange(len(firms)), np.arange(len(people))
    firm = rows[chance.share("punished", rows, 0.04) & (firms.established < on - 400)]
    person = persons[chance.share("punished person", persons, 0.0005) & (people.age(on) > 25) & people.is_alive(on)]
    key = np.concatenate([firm, person])
    nobody = np.full(len(firm), NOBODY, dtype=np.int64)
    age = 1 + (chance.of("decided", key) * np.where(np.arange(len(key)) < len(firm), 390, 1000)).astype(np.int64)
    return Penalties(
        firm=np.concatenate([firm, np.full(len(person), NOBODY, dtype=np.int64)]),
        person=np.concatenate([nobody, person]),
        kind=chance.below("penalty", key, len(PENALTY_KINDS)),
        decided=on - age,
    )


def _grown(chance: Chance, name: str, rows: Ints, people: People, day: Ints, on: int) -> Ints:
    """Return for each row a person who was grown up on a day and lives now; row by row as the dice say."""
    pool = np.flatnonzero(people.is_alive(on) & (people.birth < on - 19 * YEAR))
    pool = pool[np.argsort(people.birth[pool], kind="stable")]
    fit = np.searchsorted(people.birth[pool], day - int(18.1 * YEAR), side="right")
    found: Ints = pool[(chance.of(name, rows) * np.maximum(1, fit)).astype(np.int64)]
    return found


def _shares(count: Ints) -> Ints:
    """Return each contribution's share in ten-thousandths; the first of each enterprise has what is left."""
    several = np.repeat(count, count)
    first = np.cumsum(count) - count
    share = np.where(several == 1, 10_000, 10_000 // (several + 1))
    share[first] = 10_000 - share[first] * (count - 1) * (count > 1)
    return share
