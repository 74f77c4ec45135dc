"""Seals on an OFD: SM2 signatures that OpenSSL made, in both standards' layouts; forged, foreign and late ones."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from licence_vault.originals import errors, ses
from licence_vault.originals.reading import look
from onefile.verify import extras
from onefile.verify.errors import ExtraMissing
from tests.originals import AT, Sealing, authority, ofd, seal_data, sealer, signer_of

FIRM = "样例市印章机构"
SIGNATURE = b"<Signature/>"


@pytest.mark.parametrize("is_older", [False, True])
def test_a_seal_s_signatures_hold_in_the_layout_of_either_standard(is_older):
    report = look(ofd(is_older=is_older), [], AT)
    assert "seal_signature" in report.checked
    assert ("sealing_time" in report.checked) is not is_older  # GM/T 0031 leaves the time to be stamped by others


def test_a_seal_is_for_certificates_or_for_digests_of_them():
    from hashlib import sha256

    own = sealer().certificate
    assert ses.checked(ses.read(seal_data(SIGNATURE, listed=sha256(own).digest())))
    with pytest.raises(errors.SealNotGood, match="not for who signed"):
        ses.checked(ses.read(seal_data(SIGNATURE, listed=sealer("somebody else", FIRM).certificate)))


def test_every_byte_of_what_a_seal_s_signatures_cover_counts():
    data = seal_data(SIGNATURE)
    read = ses.read(data)
    assert read.sealing is not None
    begin = data.index(read.sealing.message)
    accepted = []
    for place in range(begin, begin + len(read.sealing.message), 7):
        altered = bytearray(data)
        altered[place] ^= 0x10
        try:
            if ses.checked(ses.read(bytes(altered))):
                accepted.append(place)
        except (ValueError, errors.SealNotGood):
            continue
    assert accepted == []


@pytest.mark.parametrize(
    ("sealing", "why"),
    [
        ({"at": b"20240101000000Z"}, "the seal's validity"),
        ({"at": b"20310101000000Z"}, "the seal's validity"),
        ({"at": b"20250601000000Z"}, "a certificate's validity"),
    ],
)
def test_a_seal_outside_its_time_is_refused(sealing, why):
    with pytest.raises(errors.SealNotGood, match=why):
        look(ofd(**sealing), [], AT)


def test_another_s_signature_and_another_s_certificate_are_refused():
    own, other = sealer(), sealer("somebody else", FIRM)
    mixed = type(own)(other.key, own.certificate)
    for sealing in ({"signer": mixed}, {"maker": mixed}):
        with pytest.raises(errors.SealNotGood, match="does not hold"):
            look(ofd(**sealing), [], AT)


def test_with_authorities_a_signer_has_to_be_certified_by_one_of_them():
    firm = sealer(FIRM, FIRM).certificate
    assert "certificate_chain" in look(ofd(), [authority()[0].public_bytes(Encoding.DER), firm], AT).checked
    stranger = sealer("another", "another").certificate
    for others in ([stranger], [authority()[0].public_bytes(Encoding.DER)], [sealer().certificate]):
        with pytest.raises(errors.SignerNotTrusted):
            look(ofd(), others, AT)
    with pytest.raises(errors.SignerNotTrusted):
        look(ofd({"Doc_0/Signs/Sign_0/SignedValue.dat": b"unknown"}), [firm], AT)


def test_a_seal_of_another_algorithm_is_said_not_to_be_checked():
    data = seal_data(SIGNATURE).replace(ses.SM2_WITH_SM3, bytes.fromhex("2a864886f70d0102"))
    assert ses.checked(ses.read(data)) == ()


def test_a_certificate_that_is_none_or_of_another_kind_is_refused():
    p256 = signer_of(authority())[0].public_bytes(Encoding.DER)
    for certificate in (b"no certificate", p256, sealer().certificate[:-5]):
        forged = type(sealer())(sealer().key, certificate)
        with pytest.raises(errors.SealNotGood):
            ses.checked(ses.read(Sealing(signer=forged).data(SIGNATURE, "x")))


def test_without_the_extra_a_seal_is_said_not_to_be_checked(monkeypatch):
    def missing():
        raise ExtraMissing("sm2")

    data = ofd()
    monkeypatch.setattr(extras, "sm2", missing)
    assert "seal_signature" in look(data, [], AT).unchecked
    with pytest.raises(errors.SignerNotTrusted):
        look(data, [sealer(FIRM, FIRM).certificate], AT)
