"""Annotated copies made: the same rules and the same record as any presentation, then the sheet, then the signature.

A copy has no nonce and no audience's key: it is paper's successor. Who asked, why and until when
stand on its face, in its metadata and under its signature.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.writer import PdfFileWriter

from licence_vault.canonical import canonical
from licence_vault.contents import Key
from licence_vault.errors import NoSuchKey
from licence_vault.exporting import Kept
from licence_vault.keystore import Keystore
from licence_vault.pdf.face import Sheet, SheetFull, draw
from licence_vault.pdf.signing import sign
from licence_vault.presentations.errors import NotToBeShown, TooMuchForASheet
from licence_vault.presentations.minting import (
    Moment,
    Shown,
    Use,
    allowed,
    end_of,
    record,
    record_refusal,
)
from licence_vault.vault import Vault
from onefile.verify.copy import FORMAT
from onefile.verify.reading import instant_text
from schemas.licence_templates import Template, templates
from schemas.licence_types import METADATA_CODES, LicenceType

USE = "copies"
MOST_LIFE = timedelta(days=90)
NATURE = "证照数据加注件：据部门记录生成，非签发机关原件"
IN_QUESTION = "（该项正在异议或校核中）"
"""What stands beside a value that is in question."""
LABELS = {
    "JZJZZZ": "加注件制作者", "JZJZZSY": "加注事由", "JZJZZSJ": "加注时间", "JZJYXQJZSJ": "加注件有效期至",
}  # fmt: skip


def copy(
    vault: Vault, kept: Kept, kind: LicenceType, use: Use, moment: Moment,
    random: Callable[[int], bytes] = os.urandom,
) -> Shown:  # fmt: skip
    """Make an annotated copy of a licence as a signed PDF, once it is recorded.

    Args:
        use: `nonce` and `holder_key` mean nothing here.

    Raises:
        NotToBeShown: it may not be made, for the reason that the class says; recorded too.
        NoSuchKey: no key for `copies` has a certificate.
    """
    key = key_of(vault.keystore)
    try:
        with vault.tables() as connection:
            fields = allowed(connection, kept, kind, use, moment)
            ends_at = end_of(kept, use, moment, MOST_LIFE)
            number = random(16).hex()
            sheet = sheet_of(kept, kind, use, fields, number, moment, ends_at, maker_of(key), vault.origin)
            content = sign(_drawn(sheet, kind), key, moment.at, f"{use.item} {use.case}")
            shown = Shown(number, tuple(fields), ends_at, content)
            record(connection, kept, use, "copy", moment.at, shown)
    except NotToBeShown as refusal:
        with vault.tables() as connection:
            record_refusal(connection, kept, use, "copy", moment.at, refusal.reason, random)
        raise
    return shown


def _drawn(sheet: Sheet, kind: LicenceType) -> PdfFileWriter:
    try:
        return draw(sheet, templates()[kind.template])
    except SheetFull:
        raise TooMuchForASheet from None


def key_of(keystore: Keystore) -> Key:
    """Return the key that signs copies; NoSuchKey when there is none with a certificate."""
    key = keystore.active_key(USE)
    if not key.certificate:
        raise NoSuchKey(f"the key {key.name!r} has no certificate: `onefile vault keys certify {key.name}`")
    return key


def maker_of(key: Key) -> str:
    """Return who makes copies, as their certificate says: the organisation, else the name."""
    subject = x509.load_der_x509_certificate(key.certificate).subject
    named = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME) or list(subject)
    return str(named[0].value)


def sheet_of(
    kept: Kept, kind: LicenceType, use: Use, fields: Mapping[str, object], number: str, moment: Moment,
    ends_at: datetime, maker: str, origin: str,
) -> Sheet:  # fmt: skip
    """Return what stands on a copy's face and in its metadata."""
    template = templates()[kind.template]
    made, until = (at.astimezone(moment.zone).strftime("%Y-%m-%d %H:%M") for at in (moment.at, ends_at))
    properties = {
        "JZJZZZ": maker, "JZJZZSY": f"{use.item} {use.case}",
        "JZJZZSJ": instant_text(moment.at), "JZJYXQJZSJ": instant_text(ends_at),
    }  # fmt: skip
    return Sheet(
        title=kind.label,
        fields=tuple(
            (label, f"{fields[code]}{IN_QUESTION if code in use.disputed else ''}")
            for code, label in _labels(kind, template) if fields.get(code)
        ),
        notes=(
            ("索取单位", use.audience), (LABELS["JZJZZSY"], properties["JZJZZSY"]), (LABELS["JZJZZZ"], maker),
            (LABELS["JZJZZSJ"], made), (LABELS["JZJYXQJZSJ"], until), ("加注件编号", number),
        ),
        nature=NATURE,
        address=f"https://{origin.partition('/')[0]}/v1/verify?copy={number}",
        statement=_statement(kept, use, fields, number, moment, ends_at, origin).decode("utf-8"),
        properties=properties,
        made_at=moment.at,
    )  # fmt: skip


def _statement(
    kept: Kept, use: Use, fields: Mapping[str, object], number: str, moment: Moment, ends_at: datetime, origin: str
) -> bytes:
    return canonical(
        {
            "format": FORMAT,
            "id": number,
            "audience": use.audience,
            "item": use.item,
            "case": use.case,
            "made_at": instant_text(moment.at),
            "ends_at": instant_text(ends_at),
            "origin": origin,
            "leaf_index": kept.version.leaf_index,
            "entry": base64.b64encode(kept.version.entry()).decode("ascii"),
            "fields": json.dumps(fields, ensure_ascii=False),
        }
    )


def _labels(kind: LicenceType, template: Template) -> list[tuple[str, str]]:
    """Return codes with their labels, in the order in which they stand on the sheet."""
    known = {**METADATA_CODES, **{field.code: field.label for field in kind.fields}}
    order = dict.fromkeys((*template.first, *(field.code for field in kind.fields), *known))
    return [(code, known[code]) for code in order if code in known]
