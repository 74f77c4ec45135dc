"""Annotated copies: what stands on them, and that nothing about them can be changed."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from licence_vault import status_lists
from licence_vault.errors import NoSuchKey
from licence_vault.pdf import copies, face, font
from licence_vault.presentations.errors import FieldNotDisclosable, LifeTooLong, TooMuchForASheet
from licence_vault.presentations.minting import Moment
from onefile.verify.copy import open_copy
from onefile.verify.copy_verdict import judge_copy, told
from onefile.verify.errors import (
    BadSignature,
    CopyChanged,
    Inconsistent,
    Malformed,
    MalformedCopy,
    UnknownKey,
    VerificationError,
)
from onefile.verify.trust import read_trust
from schemas.licence_templates import templates
from tests.papers import AT
from tests.presented import FOOD, SHANGHAI, WANTED, House
from tests.vault import DECLARED, ids_of, issue_rows, permit
from tests.yardstick import slowness

LATER = AT + timedelta(hours=1)
FACE = ("ZZMC", "ZZBH", "CZZT", "ZZBFJG", "ZZYXQJZRQ", "KZ_JYXM")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("home"))
    made.certified()
    return made


@pytest.fixture(scope="module")
def content(house):
    return house.copy(fields=FACE).content


def opened(house, content, at=LATER):
    return open_copy(content, read_trust(house.trust), at)


def test_a_copy_says_who_asked_why_until_when_and_the_granted_fields(house, content):
    copy = opened(house, content)
    assert (copy.audience, copy.item, copy.case) == ("health", "0102", "2026-17")
    assert (copy.made_at, copy.ends_at) == (AT, AT + timedelta(days=30))
    assert set(copy.data) == set(FACE)
    assert copy.leaf.entry() == house.kept().version.entry()
    info = PdfFileReader(BytesIO(content)).trailer_view["/Info"]
    assert (info["/JZJZZZ"], info["/JZJZZSY"]) == ("样例市数据局", "0102 2026-17")
    assert info["/JZJYXQJZSJ"] == "2026-12-23T01:02:03Z"


def test_each_character_is_drawn_as_the_font_has_it():
    text = "食品经营许可证Ab1〔䶮·"
    made = font.Subset(text)
    whole = TTFont(BytesIO(font._face().blob.data), lazy=True)
    glyphs, names = whole.getGlyphSet(), whole.getBestCmap()
    small = CFFFontSet()
    small.decompile(BytesIO(made.data), None)
    outlines = small[0].CharStrings
    for character in text:
        cid = int(made.encoded(character), 16)
        assert small[0].charset[cid] == f"cid{cid:05d}"
        drawn, wanted = RecordingPen(), RecordingPen()
        outlines[f"cid{cid:05d}"].draw(drawn)
        glyphs[names[ord(character)]].draw(wanted)
        assert drawn.value == wanted.value, character


def test_a_character_that_the_font_lacks_is_shown_by_its_code_and_never_left_out():
    assert font.drawable("王\U0002a6d6") == "王〔U+2A6D6〕"
    assert font.drawable("王\n\x1b") == "王〔U+000A〕〔U+001B〕"


@pytest.mark.parametrize("name", sorted(templates()))
def test_each_declared_template_draws_and_refuses_what_does_not_fit(name):
    sheet = face.Sheet("证", (("名称", "很长的名称" * 12),), (("事由", "x"),), "n", "https://a.example", "{}", {}, AT)
    face.draw(sheet, templates()[name])
    with pytest.raises(face.SheetFull):
        face.draw(face.Sheet(**{**vars(sheet), "fields": sheet.fields * 30}), templates()[name])


def test_every_licence_type_s_template_is_declared():
    assert {kind.template for kind in DECLARED.licences.values()} <= set(templates())


def test_a_single_changed_byte_is_refused_wherever_it_lies(house, content):
    trust = read_trust(house.trust)
    start, end = (match.start() for match in (re.search(rb"<3082", content), re.search(rb"0{64}>", content)))
    places = [*range(0, len(content), 1999), *range(start - 4, start + 4), *range(start, end, 149), end + 60, end + 70]
    for place in places:
        altered = bytearray(content)
        altered[place] ^= 1
        with pytest.raises(VerificationError):
            open_copy(bytes(altered), trust, LATER)


def test_every_byte_of_the_signature_itself_counts(house, content):
    """Each bit of its DER: digits that the signature does not cover would show here."""
    trust = read_trust(house.trust)
    found = re.search(rb"<([0-9A-F]+)>", content[content.index(b"<3082") :])
    start = content.index(b"<3082") + 1
    length = len(found[1].rstrip(b"0"))
    for place in range(start, start + length, 26):
        value = int(content[place : place + 2], 16) ^ 1 << (place // 2 % 8)
        altered = content[:place] + b"%02X" % value + content[place + 2 :]
        with pytest.raises(VerificationError):
            open_copy(altered, trust, LATER)


def test_the_case_of_a_letter_in_the_signature_s_own_names_counts(house, content):
    start = content.index(b"<3082") + 1
    name = b"trial CA".hex().upper().encode()
    places = [match.start() for match in re.finditer(name, content[start:])]
    assert len(places) > 1
    for place in places:
        at = start + place
        altered = content[:at] + b"Trial CA".hex().upper().encode() + content[at + len(name) :]
        with pytest.raises(VerificationError):
            open_copy(altered, read_trust(house.trust), LATER)


def with_update(content):
    writer = IncrementalPdfFileWriter(BytesIO(content))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        with_update,
        lambda c: c + b"\n",
        lambda c: c + b"%%EOF\n",
        lambda c: c + c,
        lambda c: b"%PDF-1.7\n" + c,
        lambda c: c[:-1],
        lambda c: c.replace(b"/ByteRange", b"/byteRange"),
        lambda c: re.sub(rb"<3082[0-9A-F]+>", lambda m: m.group().lower(), c),
        lambda c: re.sub(rb"(<3082[0-9A-F]+)00>", rb"\g<1>01>", c),
        lambda c: c.replace(b"0102 2026", b"0103 2026"),
    ],
)
def test_an_appended_update_or_anything_else_that_was_not_signed_is_refused(house, content, change):
    altered = change(content)
    assert altered != content
    with pytest.raises((CopyChanged, MalformedCopy, BadSignature)):
        opened(house, altered)


def test_a_copy_by_a_stranger_s_ca_or_of_the_future_is_refused(house, content, tmp_path):
    other = House(tmp_path)
    with pytest.raises(UnknownKey):
        open_copy(content, read_trust(other.trust), LATER)
    other.certified()
    with pytest.raises(UnknownKey):
        open_copy(content, read_trust(other.trust), LATER)
    with pytest.raises(Inconsistent):
        opened(house, content, AT - timedelta(seconds=1))


def test_a_copy_made_after_its_certificate_ended_is_refused(house):
    late = house.copy(datetime(2028, 12, 1, tzinfo=UTC)).content
    with pytest.raises(UnknownKey):
        opened(house, late, datetime(2028, 12, 2, tzinfo=UTC))


@pytest.mark.parametrize("data", [b"", b"%PDF-", b"%PDF-1.7\n" + b"x" * 100, b"%PDF-1.7 /ByteRange [0 1 2 3]"])
def test_what_is_no_copy_is_refused(house, data):
    with pytest.raises((Malformed, CopyChanged)):
        opened(house, data)


def test_the_verdicts_follow_time_and_status(tmp_path):
    house = House(tmp_path)
    house.certified()
    content = house.copy(fields=FACE).content
    assert judge_copy(content, house.trust, LATER).exit_code == 0
    over = judge_copy(content, house.trust, AT + timedelta(days=30))
    assert (over.code, over.exit_code) == ("copy_over", 3)
    issue_rows(house.vault, [permit(1, state="revoked")], "b2", LATER)
    status_lists.publish(house.vault, at=LATER, day=LATER.date())
    verdict = judge_copy(content, house.trust, LATER, status=status_lists.current(tmp_path, 0).encode())
    assert (verdict.code, told(verdict, "en").splitlines()[0]) == ("revoked", "genuine, but revoked by sanction")


def test_the_rules_of_presentations_hold_for_copies(house, tmp_path):
    with pytest.raises(FieldNotDisclosable):
        house.copy(fields=("KZ_NOWHERE",))
    use, moment = replace(WANTED, life=timedelta(days=91)), Moment(AT, SHANGHAI)
    with pytest.raises(LifeTooLong):
        copies.copy(house.vault, house.kept(), FOOD, use, moment)
    with pytest.raises(NoSuchKey):
        House(tmp_path).copy()


def test_too_many_fields_are_refused_and_recorded(tmp_path):
    house = House(tmp_path)
    house.certified()
    later = AT + timedelta(hours=1)
    issue_rows(house.vault, [permit(1, items="很长的经营项目" * 800)], "b2", later)
    house.ids = ids_of(house.vault)[2:]
    with pytest.raises(TooMuchForASheet):
        house.copy(later)


def test_a_copy_is_rendered_within_300_ms_of_the_processor_once_warm(house):
    house.copy(fields=FACE)
    took = []
    for _ in range(3):
        began = time.process_time()
        house.copy(fields=FACE)
        took.append(time.process_time() - began)
    assert min(took) < 0.3 * slowness()
