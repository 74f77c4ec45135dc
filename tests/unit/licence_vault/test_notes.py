"""Signed notes, checkpoints and cosignatures: the vectors of the C2SP documents, and what must be refused."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licence_vault.errors import BadName
from licence_vault.keystore import Keystore
from licence_vault.notes import NoteSigner
from licence_vault.signers import Ed25519Signer, public_der
from onefile.verify.algorithms import Ed25519, ed25519_der, public_key
from onefile.verify.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from onefile.verify.errors import BadSignature, MalformedCheckpoint, MalformedNote, NotWitnessed, UnknownKey
from onefile.verify.merkle import EMPTY_ROOT
from onefile.verify.note import NoteKey, cosigned, note_key_id, open_note, read_note, signers
from onefile.verify.trust import Trust, read_trust
from tests.papers import AT
from tests.vault import ORIGIN, keystore_with_log, trust_of

# The keys and the note that the Go checksum database's package `note` is tested with.
TEXT = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCH = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
PETER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH_KEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
PETER_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NOTE = TEXT + b"\n" + PETER.encode() + ENOCH.encode()

# The checkpoint and the witness's line that c2sp.org/tlog-checkpoint and tlog-cosignature show.
SOFA = b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SOFA_LINES = (
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
    "zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
    "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def key_of(text: str) -> NoteKey:
    """The key in a verifier key of the signed-note document."""
    name, short, data = text.split("+", 2)
    public = Ed25519(base64.b64decode(data)[1:])
    assert note_key_id(name, 1, public.raw()).hex() == short
    return NoteKey(name, 1, public, name)


@pytest.mark.parametrize("keys", [[PETER_KEY], [ENOCH_KEY], [PETER_KEY, ENOCH_KEY]], ids=len)
def test_the_known_note_is_believed_for_whichever_keys_are_known(keys):
    known = [key_of(text) for text in keys]
    assert open_note(NOTE, known) == TEXT
    assert [key.name for key in signers(read_note(NOTE), known)] == [key.name for key in known]


def test_the_known_key_signs_the_known_note():
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(PETER_SECRET)[1:])
    signer = NoteSigner("PeterNeumann", Ed25519Signer("peter", private), public_der(private))
    assert signer.sign(TEXT) == TEXT + b"\n" + PETER.encode()


def test_the_documents_checkpoint_is_read_as_it_says():
    note = read_note(SOFA + b"\n" + SOFA_LINES.encode())
    checkpoint = read_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex() == "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    assert [(line.name, line.key_id.hex()) for line in note.signatures] == [
        ("example.com/behind-the-sofa", "033de0ae"),
        ("witness.example.com/w1", "8d66cf3f"),
    ]
    seconds = int.from_bytes(note.signatures[1].signature[:8], "big")
    assert (seconds, len(note.signatures[1].signature)) == (1679315147, 72)
    assert cosigned(note.text, seconds) == b"cosignature/v1\ntime 1679315147\n" + SOFA


def test_without_a_known_key_nothing_is_believed():
    with pytest.raises(UnknownKey):
        open_note(NOTE, [])
    with pytest.raises(UnknownKey):
        open_note(TEXT + b"\n" + PETER.encode(), [key_of(ENOCH_KEY)])


def test_a_signature_of_a_known_key_that_fails_condemns_the_note_even_beside_a_good_one():
    broken = PETER.replace("x08goH", "x08goH").replace("ZJku", "ZJkv")
    with pytest.raises(BadSignature):
        open_note(TEXT + b"\n" + broken.encode() + ENOCH.encode(), [key_of(PETER_KEY), key_of(ENOCH_KEY)])
    with pytest.raises(BadSignature):
        open_note(NOTE.replace(b"answer", b"Answer"), [key_of(PETER_KEY)])


MALFORMED = {
    "text alone": TEXT,
    "no signature": TEXT + b"\n",
    "no last line end": NOTE[:-1],
    "a control character": b"\x01" + NOTE,
    "a carriage return": NOTE.replace(b"\n", b"\r\n"),
    "no UTF-8": b"\xff" + NOTE,
    "a name with a space": TEXT + b"\n" + PETER.replace("PeterNeumann", "Bad Name").encode(),
    "a name with a plus": TEXT + b"\n" + PETER.replace("PeterNeumann", "a+b").encode(),
    "another line among the signatures": NOTE + b"Unexpected line.\n",
    "a hyphen for the dash": TEXT + b"\n" + PETER.replace("—", "-").encode(),
    "no base64": TEXT + b"\n" + PETER.replace("=", "!").encode(),
    "a short signature": TEXT + "\n— PeterNeumann x08goA==\n".encode(),
    "a hundred and one signatures": TEXT + b"\n" + PETER.encode() * 101,
    "beyond a megabyte": b"x" * 1_000_000 + b"\n\n" + PETER.encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("note", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_note_is_refused(note):
    with pytest.raises(MalformedNote):
        read_note(note)


NO_CHECKPOINTS = {
    "a leading zero": b"o\n007\n" + SOFA.split(b"\n")[2] + b"\n",
    "a sign": b"o\n+7\n" + SOFA.split(b"\n")[2] + b"\n",
    "no number": b"o\nx\n" + SOFA.split(b"\n")[2] + b"\n",
    "a size no tree has": b"o\n" + b"9" * 16 + b"\n" + SOFA.split(b"\n")[2] + b"\n",
    "a root of 31 bytes": b"o\n7\n" + base64.b64encode(b"x" * 31) + b"\n",
    "a root that is no base64": b"o\n7\n!!\n",
    "no name": b"\n7\n" + SOFA.split(b"\n")[2] + b"\n",
    "a line too few": b"o\n7\n",
    "an extension line": SOFA + b"more\n",
    "size 0 with a root": b"o\n0\n" + SOFA.split(b"\n")[2] + b"\n",
    "a size with the empty root": b"o\n7\n" + base64.b64encode(EMPTY_ROOT) + b"\n",
}


@pytest.mark.parametrize("text", NO_CHECKPOINTS.values(), ids=NO_CHECKPOINTS)
def test_a_note_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(MalformedCheckpoint):
        read_checkpoint(text)


@pytest.fixture(params=["Ed25519", "ECDSA-P256"])
def store(tmp_path, request):
    return keystore_with_log(tmp_path, request.param)


ROOT = bytes(range(32))


def test_a_log_signs_with_either_algorithm_and_is_believed_by_its_name_and_key(store, tmp_path):
    note = NoteSigner.of(store.active_key("log")).checkpoint(7, ROOT)
    opened = open_checkpoint(note, trust_of(store))
    assert (opened.checkpoint, opened.key.name, opened.witnesses) == (Checkpoint(ORIGIN, 7, ROOT), "log-1", ())
    with pytest.raises(UnknownKey):
        open_checkpoint(note, trust_of(keystore_with_log(tmp_path / "other")))
    with pytest.raises(UnknownKey):
        open_checkpoint(note.replace(ORIGIN.encode(), b"other.example/log"), trust_of(store))


def test_every_byte_of_a_checkpoint_counts(store):
    note = NoteSigner.of(store.active_key("log")).checkpoint(7, ROOT)
    trust = trust_of(store)
    for place in range(len(note)):
        changed = note[:place] + bytes([note[place] ^ 1]) + note[place + 1 :]
        with pytest.raises((BadSignature, MalformedNote, MalformedCheckpoint, UnknownKey)):
            open_checkpoint(changed, trust)


def test_after_rotation_old_checkpoints_and_new_ones_are_believed(store):
    old = NoteSigner.of(store.active_key("log")).checkpoint(7, ROOT)
    store.rotate_key("log", AT)
    new = NoteSigner.of(store.active_key("log")).checkpoint(8, ROOT)
    trust = trust_of(store)
    assert [open_checkpoint(note, trust).key.state for note in (old, new)] == ["retired", "active"]


@pytest.fixture
def witnesses(tmp_path):
    """Three parties of their own, each with a key to co-sign with."""
    found = []
    for number in range(3):
        other = Keystore.create(tmp_path / f"w{number}" / "keys" / "keystore.json", b"passphrase")
        other.create_key("w", use="witness", at=AT, signs_as=f"witness.example/w{number}")
        found.append(other)
    return found


def demanding(needed: int, *stores: Keystore) -> Trust:
    return Trust({i: k for s in stores for i, k in read_trust(s.trust()).keys.items()}, needed)


def test_k_of_n_witnesses_are_counted_each_once(store, witnesses):
    note = NoteSigner.of(store.active_key("log")).checkpoint(7, ROOT)
    lines = [NoteSigner.of(w.active_key("witness")).cosign(note, 1_800_000_000) for w in witnesses]
    needs_two = demanding(2, store, *witnesses)
    with pytest.raises(NotWitnessed, match="0 trusted witnesses"):
        open_checkpoint(note, needs_two)
    with pytest.raises(NotWitnessed, match="1 trusted witnesses"):
        open_checkpoint(note + lines[0] + lines[0], needs_two)
    opened = open_checkpoint(note + lines[0] + lines[2], needs_two)
    assert opened.witnesses == ("witness.example/w0", "witness.example/w2")
    assert open_checkpoint(note + b"".join(lines), demanding(3, store, *witnesses)).witnesses


def with_key(trust, key_id, **changes):
    return replace(trust, keys={**trust.keys, key_id: replace(trust.keys[key_id], **changes)})


def test_two_keys_of_one_witness_are_one_witness(store, witnesses):
    note = NoteSigner.of(store.active_key("log")).checkpoint(7, ROOT)
    first = NoteSigner.of(witnesses[0].active_key("witness")).cosign(note, 1_800_000_000)
    witnesses[0].create_key("again", use="witness", at=AT, signs_as="witness.example/w0")
    second = NoteSigner.of(witnesses[0].key("again")).cosign(note, 1_800_000_000)
    assert open_checkpoint(note + first + second, demanding(1, store, *witnesses)).witnesses == ("witness.example/w0",)
    with pytest.raises(NotWitnessed, match="1 trusted witnesses"):
        open_checkpoint(note + first + second, demanding(2, store, *witnesses))


def test_a_lost_witness_s_key_counts_no_more_and_a_retired_one_only_for_what_is_older(store, witnesses):
    note = NoteSigner.of(store.active_key("log")).checkpoint(7, ROOT)
    key = witnesses[0].active_key("witness")
    line = NoteSigner.of(key).cosign(note, 1_800_000_000)
    trust, signed_at = demanding(1, store, *witnesses), datetime.fromtimestamp(1_800_000_000, UTC)
    for later, wanted in ((timedelta(), True), (timedelta(days=1), True), (timedelta(seconds=-1), False)):
        retired = with_key(trust, key.id, state="retired", retired_at=signed_at + later)
        if wanted:
            assert open_checkpoint(note + line, retired).witnesses == ("witness.example/w0",)
        else:
            with pytest.raises(NotWitnessed):
                open_checkpoint(note + line, retired)
        with pytest.raises(NotWitnessed):
            open_checkpoint(note + line, with_key(retired, key.id, lost_at=signed_at + timedelta(days=9)))


def test_a_cosignature_for_another_checkpoint_or_time_condemns_it(store, witnesses):
    signer = NoteSigner.of(store.active_key("log"))
    note, other = signer.checkpoint(7, ROOT), signer.checkpoint(8, ROOT)
    line = NoteSigner.of(witnesses[0].active_key("witness")).cosign(note, 1_800_000_000)
    with pytest.raises(BadSignature):
        open_checkpoint(other + line, demanding(1, store, *witnesses))
    data = bytearray(base64.b64decode(line.split(b" ")[2]))
    data[11] ^= 1
    moved = b" ".join([*line.split(b" ")[:2], base64.b64encode(bytes(data)) + b"\n"])
    with pytest.raises(BadSignature):
        open_checkpoint(note + moved, demanding(1, store, *witnesses))


def test_a_logs_own_signature_is_no_cosignature_and_the_other_way_round(store, witnesses):
    signer = NoteSigner.of(store.active_key("log"))
    note = signer.checkpoint(7, ROOT)
    witness = NoteSigner.of(witnesses[0].active_key("witness"))
    alone = note[: note.index(b"\n\n") + 2] + witness.cosign(note, 1)
    with pytest.raises(UnknownKey):
        open_checkpoint(alone, demanding(0, store, *witnesses))


def test_a_checkpoint_signed_twice_is_refused_when_either_line_of_a_known_key_is_wrong_and_comes_first(store):
    signer = NoteSigner.of(store.active_key("log"))
    note, other = signer.checkpoint(7, ROOT), signer.checkpoint(8, ROOT)
    text, good = note.split(b"\n\n")
    wrong = other.split(b"\n\n")[1]
    with pytest.raises(BadSignature):
        open_checkpoint(text + b"\n\n" + wrong + good, trust_of(store))
    assert open_checkpoint(text + b"\n\n" + good + good, trust_of(store)).checkpoint.size == 7


def test_notes_are_signed_under_a_fitting_name_and_cosigned_with_ed25519_only(tmp_path):
    store = keystore_with_log(tmp_path, "ECDSA-P256")
    signer = NoteSigner.of(store.active_key("log"))
    with pytest.raises(BadName, match="Ed25519"):
        signer.cosign(signer.checkpoint(7, ROOT), 1)
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(BadName):
            store.create_key("x", use="log", at=AT, signs_as=name)


def test_a_key_is_read_as_its_own_algorithm_only():
    der = ed25519_der(bytes(32))
    assert public_key("ECDSA-P256", der) is None
    assert public_key("Ed25519", der[:-1]) is None
    assert public_key("none", der) is None
    assert (
        public_key("ECDSA-P256", bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + bytes(65))
        is None
    )
