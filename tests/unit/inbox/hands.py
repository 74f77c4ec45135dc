"""An inbox to deliver to: two departments, a few resources, and hands that put anything into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inbox import door
from inbox.door import Arrival
from schemas.model import Assertions, ColumnMapping, Place, Resource

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
HERE = Place("test.yml", 1)
PEOPLE = b"number,name\n1,a\n2,b\n"


def resource(
    named: str = "civil.people", headers: tuple[str, ...] = ("number", "name"), ignore: tuple[str, ...] = ("note",)
) -> Resource:
    """Return a CSV resource in UTF-8 with these headers; `dataclasses.replace` makes others of it."""
    department, name = named.split(".")
    return Resource(
        id=named,
        department=department,
        name=name,
        title="",
        title_en="",
        about="",
        table="people",
        share_class="conditional",
        share_basis="",
        share_condition=None,
        update_cycle="daily",
        format="csv",
        encoding="utf-8",
        delimiter=",",
        signature_required=False,
        empty=("",),
        columns=tuple(ColumnMapping(header, header, None, (), {}, HERE) for header in headers),
        ignore=ignore,
        operation=None,
        assertions=Assertions(),
        place=HERE,
    )


RESOURCES = {
    r.id: r
    for r in (
        resource(),
        replace(resource("civil.signed"), signature_required=True),
        replace(resource("civil.gb"), encoding="gb18030"),
        replace(resource("civil.lines"), format="jsonl"),
        resource("tax.payers"),
    )
}


@dataclass
class Hands:
    """Puts deliveries into an inbox, right or wrong, and lets the door look at them."""

    home: Path
    resources: Mapping[str, Resource] = field(default_factory=lambda: RESOURCES)

    def put(
        self,
        files: Mapping[str, bytes] | None = None,
        *,
        delivery: str = "d-1",
        department: str = "civil",
        key: Ed25519PrivateKey | None = None,
        rows: int = 2,
        change: Callable[[dict], object] = lambda _: None,
        resource: str = "civil.people",
        period: str = "2026-03-01",
    ) -> Path:
        """Put a delivery; `change` lies in its manifest."""
        files = {"people.csv": PEOPLE} if files is None else files
        listed = [{"name": n, "rows": rows, "sha256": hashlib.sha256(b).hexdigest()} for n, b in files.items()]
        manifest = {"resource": resource, "id": delivery, "period": period, "files": listed}
        change(manifest)
        return self.put_raw(json.dumps(manifest, ensure_ascii=False).encode(), files, delivery, department, key)

    def put_raw(
        self,
        manifest: bytes,
        files: Mapping[str, bytes],
        delivery: str = "d-1",
        department: str = "civil",
        key: Ed25519PrivateKey | None = None,
    ) -> Path:
        folder = self.home / "inbox" / department / delivery
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        if key is not None:
            (folder / "manifest.json.sig").write_bytes(key.sign(manifest))
        (folder / "manifest.json").write_bytes(manifest)
        return folder

    def receive(self, at: datetime = NOON, **how: object) -> list[Arrival]:
        return door.receive(self.home, self.resources, at, SHANGHAI, **how)

    def outcome(self, **how: object) -> list[str]:
        """Return what the door says of each delivery: its status, or the reason of its refusal."""
        return [a.status if a.refusal is None else a.refusal.reason for a in self.receive(**how)]

    def kept(self) -> list[str]:
        return sorted(str(p.relative_to(self.home / "deliveries")) for p in (self.home / "deliveries").glob("*/*"))

    def waits(self) -> list[str]:
        return sorted(p.name for p in (self.home / "inbox").glob("*/*"))


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
