"""Materials in the serving database and the store: kept once by content, found by keyed hash, each step an event.

Sealed bytes go to the store first, under a name of their own, and count once the database names them: whatever stops in
between leaves bytes that nobody refers to, which `sweep` removes. Of two that keep the same bytes at once, one does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from licence_vault.at_rest import AtRest, Sealed
from licence_vault.errors import PayloadDamaged, PayloadErased
from licence_vault.materials.checking import Checked
from licence_vault.materials.errors import MaterialDamaged, NoSuchMaterial, NotLeftToHolder
from licence_vault.materials.folder import Store
from onefile.verify.leaf import SALT_BYTES
from onefile.verify.reading import instant_text
from schemas.service_items import MaterialKind
from schemas.serving.connection import looked_up
from schemas.serving.material_tables import CASE_ARCHIVE, MATERIAL, MATERIAL_CONTENT, MATERIAL_EVENT

HELD, WITHDRAWN, RETIRED = "held", "withdrawn", "retired"
STATES = {
    "held": ("有效", "counts"),
    "withdrawn": ("持有人已撤回", "taken back by its holder"),
    "retired": ("已由电子证照取代", "a licence has taken its place"),
}
EVENTS = ("deposited", "verified", "withdrawn", "retired")
SCAN, RESULT = "scan", "result"
CONTENT, OF = "material-content:", "material:"
SECONDS_LEFT_ALONE = 3600
"""How long bytes that nobody refers to may lie: whoever keeps them may be about to."""
LOCK_SEED = 20_260_011
"""Keeps the advisory locks of materials apart from others, whose keys are small."""
ROW, FILE, STEP = MATERIAL.c, MATERIAL_CONTENT.c, MATERIAL_EVENT.c


@dataclass(frozen=True)
class Holder:
    """Whose a material is: the internal id, and the number by which licences know the subject."""

    subject_id: str = field(repr=False)
    kind: str
    number: str = field(repr=False)


@dataclass(frozen=True)
class Deposit:
    """What is said of a file when it is deposited: who verified it against what, in which case. Days YYYY-MM-DD."""

    kind: str
    subject_hash: str
    origin: str
    department: str
    item: str
    case_no: str
    verified_by: str
    verified_against: str
    verified_on: str
    dated_on: str | None


@dataclass(frozen=True)
class Kept:
    """Bytes that the store has: what they are found by, where they lie, and what opens them."""

    content_hash: str
    place: str
    sealed: Sealed = field(repr=False)
    checked: Checked


@dataclass(frozen=True)
class Material:
    """A row of `material`, with what is known of its bytes."""

    material_id: str
    content_hash: str
    kind: str
    subject_hash: str
    origin: str
    department: str
    item: str
    case_no: str
    verified_by: str
    verified_against: str
    verified_on: str
    dated_on: str | None
    state: str
    note: str
    media_type: str
    pages: int
    size: int
    deposited_at: str


@dataclass(frozen=True)
class Materials:
    """The materials of a home: what seals them, where they lie, and what draws keys."""

    at_rest: AtRest
    store: Store
    random: Callable[[int], bytes] = field(repr=False)

    def put(self, data: bytes, checked: Checked) -> Kept:
        """Seal a file into the store; it counts for nothing until `deposit`. StoreGone, DiskFull where it cannot."""
        content_hash = self.at_rest.content(data).hex()
        place = f"{content_hash}-{self.random(8).hex()}"
        sealed = self.at_rest.seal(CONTENT + place, self.random(SALT_BYTES), data, self.random)
        self.store.put(place, sealed.sealed)
        return Kept(content_hash, place, sealed, checked)

    def deposit(
        self, connection: Connection, kept: Kept, said: Deposit, holder: Holder, by: str, at: datetime
    ) -> tuple[Material, bool]:  # fmt: skip
        """Let a file be a material of its holder; return it, and whether it is new.

        The same file of the same kind and holder is the same material: it is verified again, and counts again where
        its holder had taken it back. One that a licence replaced stays retired.
        """
        _alone(connection, kept.content_hash)
        self._keep_content(connection, kept, at)
        same = (ROW.subject_hash == said.subject_hash) & (ROW.kind == said.kind)
        asked = select(ROW.material_id).where(same, ROW.content_hash == kept.content_hash)
        there = connection.execute(asked).scalar_one_or_none()
        if there is not None:
            return self._again(connection, str(there), said, by, at), False
        material_id = f"M{self.random(12).hex()}"
        about = json.dumps([holder.subject_id, holder.kind, holder.number]).encode("utf-8")
        sealed = self.at_rest.seal(OF + material_id, self.random(SALT_BYTES), about, self.random)
        connection.execute(insert(MATERIAL).values(
            material_id=material_id, content_hash=kept.content_hash, state=HELD, note="", **vars(said),
            holder_hash=self.at_rest.holder(holder.kind, holder.number),
            sealed=sealed.sealed, wrapped_key=sealed.wrapped_key, master=sealed.master))  # fmt: skip
        note_event(connection, material_id, "deposited", said.department, by, said.case_no, said.verified_against, at)
        return find(connection, material_id), True

    def drop_unused(self, connection: Connection, kept: Kept) -> None:
        """Remove bytes that came to nothing, for the same were there already: call it once all else is kept."""
        asked = select(FILE.place).where(FILE.content_hash == kept.content_hash)
        if connection.execute(asked).scalar_one_or_none() not in (None, kept.place):
            self.store.remove(kept.place)

    def holder(self, connection: Connection, material_id: str) -> Holder:
        """Return whose a material is; NoSuchMaterial."""
        asked = select(ROW.sealed, ROW.wrapped_key, ROW.master).where(ROW.material_id == material_id)
        row = connection.execute(asked).one_or_none()
        if row is None:
            raise NoSuchMaterial
        return Holder(*json.loads(self._opened(OF + material_id, Sealed(*row), material_id)))

    def read(self, connection: Connection, material: Material) -> bytes:
        """Return the bytes of a material, as they were handed in.

        Raises:
            NoSuchMaterial: nobody can open them any more.
            StoreGone: the store does not have them.
            MaterialDamaged: they are not what was put there.
        """
        asked = select(FILE.place, FILE.wrapped_key, FILE.master).where(FILE.content_hash == material.content_hash)
        place, wrapped, master = connection.execute(asked).one()
        if wrapped is None:
            raise NoSuchMaterial
        sealed = Sealed(self.store.get(place), wrapped, master)
        data = self._opened(CONTENT + place, sealed, material.material_id)
        if self.at_rest.content(data).hex() != material.content_hash:
            raise MaterialDamaged(material.material_id)
        return data

    def withdraw(self, connection: Connection, material: Material, kind: MaterialKind, by: str, at: datetime) -> None:
        """Take a material back for its holder; a file that nobody else has cannot be opened any more.

        Again it changes nothing.

        Raises:
            NotLeftToHolder: the law has it kept.
        """
        if kind.kept_by == "law":
            raise NotLeftToHolder(kind.kept_basis)
        _alone(connection, material.content_hash)
        material = find(connection, material.material_id)
        if material.state == WITHDRAWN:
            return
        _move(connection, material, WITHDRAWN, "")
        note_event(connection, material.material_id, "withdrawn", "", by, "", "", at)
        asked = select(func.count()).where(ROW.content_hash == material.content_hash, ROW.state != WITHDRAWN)
        if not connection.execute(asked).scalar_one():
            where = FILE.content_hash == material.content_hash
            connection.execute(update(MATERIAL_CONTENT).where(where).values(wrapped_key=None))

    def sweep(self, connection: Connection, at: datetime) -> int:
        """Remove from the store what nobody refers to, or nobody can open; return how many."""
        known = {
            place for place, wrapped in connection.execute(select(FILE.place, FILE.wrapped_key)) if wrapped is not None
        } | set(connection.execute(select(CASE_ARCHIVE.c.place)).scalars())  # fmt: skip
        before = at.timestamp() - SECONDS_LEFT_ALONE
        gone = [name for name, since in self.store.names() if name not in known and since < before]
        for name in gone:
            self.store.remove(name)
        return len(gone)

    def _keep_content(self, connection: Connection, kept: Kept, at: datetime) -> None:
        """Keep what opens the bytes, unless the same bytes are kept; where nobody could open them, these are."""
        asked = select(FILE.wrapped_key).where(FILE.content_hash == kept.content_hash)
        row = connection.execute(asked).one_or_none()
        opens = {"place": kept.place, "wrapped_key": kept.sealed.wrapped_key, "master": kept.sealed.master,
                 "kept_at": instant_text(at)}  # fmt: skip
        if row is None:
            checked = kept.checked
            connection.execute(insert(MATERIAL_CONTENT).values(
                content_hash=kept.content_hash, media_type=checked.type, pages=checked.pages, size=checked.size,
                scanned_by=checked.scanned_by, **opens))  # fmt: skip
        elif row.wrapped_key is None:
            where = FILE.content_hash == kept.content_hash
            connection.execute(update(MATERIAL_CONTENT).where(where).values(**opens))

    def _again(self, connection: Connection, material_id: str, said: Deposit, by: str, at: datetime) -> Material:
        there = find(connection, material_id)
        told = {name: getattr(said, name) for name in (
            "department", "item", "case_no", "verified_by", "verified_against", "verified_on", "dated_on")}  # fmt: skip
        is_same = all(getattr(there, name) == value for name, value in told.items())
        if is_same and there.state != WITHDRAWN:
            return there
        state = HELD if there.state == WITHDRAWN else there.state
        connection.execute(update(MATERIAL).where(ROW.material_id == material_id).values(**told, state=state))
        note_event(connection, material_id, "verified", said.department, by, said.case_no, said.verified_against, at)
        return find(connection, material_id)

    def _opened(self, name: str, sealed: Sealed, material_id: str) -> bytes:
        try:
            return self.at_rest.open(name, sealed)[1]
        except PayloadErased:
            raise NoSuchMaterial from None
        except PayloadDamaged:
            raise MaterialDamaged(material_id) from None


def retire(connection: Connection, material: Material, licence: str, at: datetime) -> None:
    """Let a licence take a material's place, with its identifier as the note; again it changes nothing."""
    _alone(connection, material.content_hash)
    if find(connection, material.material_id).state == HELD:
        _move(connection, material, RETIRED, licence)
        note_event(connection, material.material_id, "retired", "", "rule", "", licence, at)


def find(connection: Connection, material_id: str) -> Material:
    """Return a material; NoSuchMaterial."""
    found = _read(connection, ROW.material_id == material_id)
    if not found:
        raise NoSuchMaterial
    return found[0]


def of_subjects(connection: Connection, hashes: Iterable[str]) -> list[Material]:
    """Return the materials of a subject by the keyed hashes of its ids, the newest verified first."""
    named = {f"hash_{number}": each for number, each in enumerate(sorted(set(hashes)))}
    asked = f"SELECT 1 FROM material WHERE subject_hash IN ({', '.join(f':{name}' for name in named)}) LIMIT 1"
    if not named or not looked_up(connection, asked, named):  # most subjects have none, and every prefill asks
        return []
    return _read(connection, ROW.subject_hash.in_(list(named.values())))


def of_ids(connection: Connection, ids: Iterable[str]) -> list[Material]:
    """Return materials by their ids, the newest verified first."""
    return _read(connection, ROW.material_id.in_(sorted(set(ids))))


def is_any_held(connection: Connection) -> bool:
    """Say whether any material counts."""
    return connection.execute(select(ROW.material_id).where(ROW.state == HELD).limit(1)).first() is not None


def counted(connection: Connection) -> list[tuple[str, str, int]]:
    """Return how many materials there are, by kind and state."""
    asked = select(ROW.kind, ROW.state, func.count()).group_by(ROW.kind, ROW.state).order_by(ROW.kind, ROW.state)
    return [(str(kind), str(state), int(count)) for kind, state, count in connection.execute(asked)]


def of_case(
    connection: Connection, numbers: Iterable[str], used: Iterable[str] = (), hashes: Iterable[str] = ()
) -> list[Material]:  # fmt: skip
    """Return the materials that were deposited or verified in a case, by any of its numbers, and those used in it.

    Args:
        used: ids of materials that were deposited earlier and used in the case.
        hashes: keyed hashes of the case's parties; what is another's was not used in it.
    """
    steps = select(STEP.material_id).where(STEP.case_no.in_(sorted(set(numbers))))
    theirs = ROW.material_id.in_(sorted(set(used))) & ROW.subject_hash.in_(sorted(set(hashes)))
    return _read(connection, ROW.material_id.in_(steps) | theirs)


def events(connection: Connection, material_id: str) -> list[dict[str, Any]]:
    """Return what happened to a material, the first first."""
    asked = select(MATERIAL_EVENT).where(STEP.material_id == material_id).order_by(STEP.event_no)
    return [dict(row._mapping) for row in connection.execute(asked)]


def note_event(
    connection: Connection, material_id: str, event: str, department: str, by: str, case_no: str, note: str,
    at: datetime,
) -> None:  # fmt: skip
    """Note what happened to a material."""
    if event not in EVENTS:
        raise ValueError(f"no event {event!r}: one of {', '.join(EVENTS)} is wanted")
    asked = select(func.coalesce(func.max(STEP.event_no), 0)).where(STEP.material_id == material_id)
    number = connection.execute(asked).scalar_one() + 1
    connection.execute(insert(MATERIAL_EVENT).values(
        material_id=material_id, event_no=number, at=instant_text(at), event=event, department=department, by=by,
        case_no=case_no, note=note))  # fmt: skip


def _alone(connection: Connection, content_hash: str) -> None:
    """Let nobody else change what is kept of these bytes until the transaction ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(content_hash, LOCK_SEED))))


def _move(connection: Connection, material: Material, state: str, note: str) -> None:
    where = ROW.material_id == material.material_id
    connection.execute(update(MATERIAL).where(where).values(state=state, note=note))


def _read(connection: Connection, where: Any) -> list[Material]:
    first = (
        select(STEP.at)
        .where(STEP.material_id == ROW.material_id, STEP.event_no == 1)
        .scalar_subquery()
        .label("deposited_at")
    )
    own = [ROW[name] for name in list(Material.__dataclass_fields__)[:14]]
    asked = (
        select(*own, FILE.media_type, FILE.pages, FILE.size, first)
        .join(MATERIAL_CONTENT, FILE.content_hash == ROW.content_hash)
        .where(where)
        .order_by(ROW.verified_on.desc(), ROW.material_id)
    )
    return [Material(**row._mapping) for row in connection.execute(asked)]
