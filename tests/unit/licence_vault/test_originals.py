"""Originals: taken byte for byte when sealed and whole; dangerous, altered and odd files, and what each raises."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from licence_vault import store
from licence_vault.auditing import audit
from licence_vault.erasing import erase
from licence_vault.errors import NoSuchLicence, PayloadDamaged, PayloadErased
from licence_vault.exporting import export, find
from licence_vault.originals import errors
from licence_vault.originals.collecting import collect, keys_of_identifier, original, originals_of
from licence_vault.originals.reading import look
from licence_vault.originals.report import CHECKED, UNCHECKED
from onefile.verify.licence import open_licence, read_licence_file
from tests import originals
from tests.originals import AT, COVERED, PICTURE, authority, ofd, package, pdf, plain_pdf, signer_of
from tests.papers import AT as ISSUED
from tests.statements import events, stated, told, waiting
from tests.vault import DECLARED, ids_of, killed_at_each_step, vault_of

KINDS = {kind.code: kind for kind in DECLARED.licences.values()}
PARTS = {name: text.encode() for name, text in COVERED.items()}


@pytest.fixture(scope="module")
def ca():
    return authority()


@pytest.fixture(scope="module")
def signed(ca):
    """A PDF that two departments signed."""
    return pdf([signer_of(ca), signer_of(ca, "样例市卫生健康委员会")], ca[0])


def refused(data: bytes, authorities=()) -> type[Exception]:
    with pytest.raises(errors.OriginalRefused) as raised:
        look(data, authorities, AT)
    return raised.type


def test_a_sealed_ofd_tells_its_seals_and_what_was_not_checked():
    report = look(ofd(seals=2), [], AT)
    assert report.format == "ofd"
    first, second = report.seals
    assert (first.issuer, first.seal_id, second.seal_id) == ("样例市市场监督管理局", "69010000Sign_0", "69010000Sign_1")
    assert (first.valid_from, first.valid_until) == ("2025-01-01T00:00:00Z", "2030-12-31T23:59:59Z")
    assert (first.picture_type, first.picture) == ("png", PICTURE)
    assert first.certificate == sha256(originals.sealer().certificate).hexdigest()
    assert report.checked == ("structure", "digests", "seal_data", "seal_binding", "seal_signature", "sealing_time")
    assert report.unchecked == ("certificate_chain", "revocation", "content")


def test_a_signed_pdf_tells_each_signer_and_is_checked_as_far_as_authorities_are_given(ca, signed):
    report = look(signed, [], AT)
    assert [seal.issuer.split(": ")[1] for seal in report.seals] == ["样例市市场监督管理局", "样例市卫生健康委员会"]
    assert "certificate_chain" in report.unchecked
    trusted = look(signed, [ca[0].public_bytes(Encoding.DER)], AT)
    assert trusted.checked == ("structure", "signature", "no_later_changes", "certificate_chain")
    assert trusted.unchecked == ("revocation", "content")
    other = authority("another")[0].public_bytes(Encoding.DER)
    assert refused(signed, [other]) is errors.SignerNotTrusted


def test_every_word_of_a_report_is_told_in_both_languages(signed):
    for report in (look(signed, [], AT), look(ofd({"more.xml": "<x/>", **unread()}), [], AT)):
        assert set(report.checked) <= set(CHECKED)
        assert set(report.unchecked) <= set(UNCHECKED)
        assert {*report.unchecked} >= {"revocation", "content"}


def unread() -> dict[str, bytes]:
    """A seal's data in a form that is not known here."""
    return {"Doc_0/Signs/Sign_0/SignedValue.dat": b"something else"}


def test_what_is_not_covered_or_not_read_of_an_ofd_is_said():
    assert "parts_not_covered" in look(ofd({"Doc_0/more.xml": "<x/>"}), [], AT).unchecked
    report = look(ofd(unread()), [], AT)
    assert ("seal_data" in report.unchecked, "seal_binding" in report.checked) == (True, False)


ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
OUTSIDE = COVERED["OFD.xml"].replace("Doc_0/Document.xml", "../../etc/passwd")
UNSEALED = COVERED["OFD.xml"].replace("<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>", "")
OFDS = {
    "a part altered": (lambda: ofd({"Doc_0/Document.xml": COVERED["Doc_0/Document.xml"] + " "}), "OriginalAltered"),
    "a page altered": (lambda: ofd({"Doc_0/Pages/Page_0/Content.xml": "<x/>"}), "OriginalAltered"),
    "a part gone": (lambda: package({n: c for n, c in PARTS.items() if "Page" not in n}), "OriginalMalformed"),
    "a seal from another file": (
        lambda: ofd({"Doc_0/Signs/Sign_0/SignedValue.dat": originals.seal_data(b"another")}), "OriginalAltered",
    ),
    "no seal": (lambda: package({**PARTS, "OFD.xml": UNSEALED.encode()}), "NotSealed"),
    "digests by MD5": (lambda: ofd(method="MD5"), "OriginalMalformed"),
    "entities": (lambda: ofd({"OFD.xml": ENTITIES}), "OriginalHostile"),
    "a document outside": (lambda: ofd({"OFD.xml": OUTSIDE}), "OriginalHostile"),
    "nested without end": (lambda: ofd({"OFD.xml": "<x>" * 500 + "</x>" * 500}), "OriginalHostile"),
    "no XML": (lambda: ofd({"OFD.xml": "hello"}), "OriginalMalformed"),
    "cut short": (lambda: ofd()[:-40], "OriginalMalformed"),
    "the half of it": (lambda: ofd()[: len(ofd()) // 2], "OriginalMalformed"),
    "something behind": (lambda: ofd() + b"more", "OriginalHostile"),
    "a bomb": (lambda: ofd({"bomb": bytes(60_000_000)}), "OriginalHostile"),
    "a name that climbs": (lambda: ofd({"../../etc/cron.d/x": "x"}), "OriginalHostile"),
    "an absolute name": (lambda: ofd({"/etc/x": "x"}), "OriginalHostile"),
    "a name with backslashes": (lambda: ofd({"a\\b": "x"}), "OriginalHostile"),
    "a PDF inside its head": (lambda: package({"%PDF-1.7": b"x", **PARTS}), "NotAnOriginal"),
    "too many parts": (lambda: ofd({f"p{number}": "x" for number in range(5_001)}), "OriginalHostile"),
}  # fmt: skip


@pytest.mark.parametrize("name", OFDS)
def test_an_ofd_that_is_odd_dangerous_or_altered_is_refused(name):
    make, wanted = OFDS[name]
    assert refused(make()).__name__ == wanted


def test_a_link_a_double_and_an_encrypted_part_are_refused():
    linked = zipfile.ZipInfo("link")
    linked.external_attr = 0o120777 << 16
    assert refused(_zip([("OFD.xml", PARTS["OFD.xml"]), (linked, b"/etc/passwd")])) is errors.OriginalHostile
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = _zip([("OFD.xml", b"<a/>"), ("OFD.xml", b"<b/>")])
    assert refused(doubled) is errors.OriginalHostile
    flagged = bytearray(ofd())
    flagged[flagged.index(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(flagged)) is errors.OriginalMalformed


def test_overlapping_and_hidden_entries_are_refused():
    data = ofd()
    directory = data.index(b"PK\x01\x02")
    end = bytearray(data[-22:])
    struct.pack_into("<I", end, 16, directory + 100)
    assert refused(data[:directory] + bytes(100) + data[directory:-22] + bytes(end)) is errors.OriginalHostile
    overlapping = bytearray(data)
    struct.pack_into("<I", overlapping, overlapping.index(b"PK\x01\x02", directory + 4) + 42, 0)
    assert refused(bytes(overlapping)) is errors.OriginalHostile


def _zip(parts) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for name, content in parts:
            file.writestr(name, content)
    return written.getvalue()


def test_a_pdf_that_is_odd_dangerous_or_altered_is_refused(signed):
    bomb = b"%PDF-1.7\nstream\n" + _deflated(300) + b"\nendstream\nstartxref\n0\n%%EOF\n"
    wanted = {
        "OriginalAltered": [signed.replace(b"200 200", b"200 201")],
        "OriginalMalformed": [
            signed[:-30], signed[: len(signed) // 2], signed + b"more", signed + b"\n%more\n%%EOF\n", b"%PDF-1.7\n",
        ],
        "NotAnOriginal": [signed + ofd(), b"hello", b"", b"PK\x05\x06" + bytes(18)],
        "NotSealed": [plain_pdf()],
        "OriginalHostile": [bomb, signed.replace(b"/Type/Catalog", b"/JavaScript (x)/Type/Catalog")],
    }  # fmt: skip
    assert {name: [refused(each).__name__ for each in files] for name, files in wanted.items()} == {
        name: [name] * len(files) for name, files in wanted.items()
    }


def _deflated(megabytes: int) -> bytes:
    import zlib

    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(megabytes)) + packer.flush()


def test_an_update_behind_the_signatures_is_refused(signed):
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer, written = IncrementalPdfFileWriter(io.BytesIO(signed)), io.BytesIO()
    writer.root["/Extra"] = generic.pdf_string("x")
    writer.update_root()
    writer.write(written)
    assert refused(written.getvalue()) is errors.OriginalAltered


def test_flipped_bits_are_refused_or_change_nothing_that_is_covered(signed):
    """Nothing but a refusal comes of broken bytes; what is taken has the covered parts as they were."""
    drawn = random.Random(7)
    for whole, times in ((ofd(), 400), (signed, 40)):
        for _ in range(times):
            data = bytearray(whole)
            data[drawn.randrange(len(data))] ^= 1 << drawn.randrange(8)
            try:
                look(bytes(data), [], AT)
            except errors.OriginalRefused:
                continue
            if whole.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(bytes(data))) as file:
                    assert all(file.read(name) == content for name, content in PARTS.items())


@pytest.fixture
def vault(tmp_path):
    vault = vault_of(tmp_path)
    told(vault, stated(1, 1))
    return vault


def key_of(vault):
    with vault.tables() as connection:
        (version, *_) = store.versions(connection, 0, 1)
    return version.licence_key


def collected(vault, content, identifier="XK-2026-1", days=1):
    at = ISSUED + timedelta(days=days)
    report = look(content, [], AT)
    return collect(
        vault, KINDS, key_of(vault), content, report, identifier,
        at=at, day=at.date().isoformat(), random=os.urandom,
    )  # fmt: skip


def test_an_original_is_kept_byte_for_byte_and_its_digest_is_proved_by_the_log(vault, signed):
    content = ofd()
    assert collected(vault, content).batch.issued == 1
    assert collected(vault, signed, "XK-2026-2", 2).batch.issued == 1
    first, second = originals_of(vault, key_of(vault))
    assert (first.content, first.identifier, second.content) == (content, "XK-2026-1", signed)
    assert first.report == look(content, [], AT)
    assert [event for event, _, _ in events(vault)] == ["new", "changed", "changed"]
    exported = export(vault, find(vault, ids_of(vault)[2]), None)
    assert open_licence(exported, vault.trust).licence.version == 3
    payload = read_licence_file(exported).payload
    assert b'"nature":"licence_data"' in payload
    assert all(sha256(each).hexdigest().encode() in payload for each in (content, signed))
    assert audit(vault).leaves == 3
    assert keys_of_identifier(vault, "XK-2026-2") == [key_of(vault)]


def test_it_stays_bound_when_its_record_changes_and_nothing_is_issued_for_the_same_again(vault):
    content = ofd()
    collected(vault, content)
    again = told(vault, stated(1, 1), batch="b-2", at=ISSUED + timedelta(days=2))
    assert (again.batch.issued, again.batch.unchanged) == (0, 1)
    assert collected(vault, content, days=2).is_repeat
    told(vault, stated(1, 2, items="冷食"), batch="b-3", at=ISSUED + timedelta(days=3))
    newest = find(vault, ids_of(vault)[-1])
    assert sha256(originals_of(vault, key_of(vault))[0].content).hexdigest().encode() in newest.payload
    assert waiting(vault) == []


def test_it_lies_encrypted_and_no_row_can_pass_for_another(vault, tmp_path):
    content = ofd()
    collected(vault, content)
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("serving.db*"))
    assert not any(planted in kept for planted in (content[:200], b"XK-2026-1", "样例市市场".encode()))
    (found,) = originals_of(vault, key_of(vault))
    from sqlalchemy import text

    with vault.tables() as connection:
        connection.execute(text("UPDATE licence_original SET digest = :other"), {"other": "0" * 64})
    with pytest.raises(PayloadDamaged):
        original(vault, found.licence_key, "0" * 64)
    with pytest.raises(errors.NoSuchOriginal):
        original(vault, found.licence_key, found.digest)


def test_erasing_a_licence_erases_its_originals(vault):
    collected(vault, ofd())
    digest = originals_of(vault, key_of(vault))[0].digest
    assert erase(vault, key_of(vault), at=ISSUED, operator="clerk-7", reason="PIPL art. 47").originals == 1
    assert originals_of(vault, key_of(vault)) == []
    with pytest.raises(PayloadErased):
        original(vault, key_of(vault), digest)


def test_no_original_without_its_licence(vault):
    with pytest.raises(NoSuchLicence):
        collect(
            vault, KINDS, "1.2.3", ofd(), look(ofd(), [], AT), "x",
            at=ISSUED, day=ISSUED.date().isoformat(), random=os.urandom,
        )  # fmt: skip


def test_killed_at_each_step_original_and_leaf_are_there_both_or_neither(vault, tmp_path):
    content = ofd()
    for _ in killed_at_each_step(lambda: collected(vault_of(tmp_path), content) and None, ("os.rename",)):
        found = originals_of(vault_of(tmp_path), key_of(vault))
        assert len(found) == len(events(vault)) - 1
    assert [each.content for each in originals_of(vault, key_of(vault))] == [content]
    assert audit(vault).leaves == 2
