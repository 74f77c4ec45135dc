"""A leaf of the licence log is read in its one form, and in no other."""

from __future__ import annotations

import json

import pytest

from onefile.verify.errors import MalformedLeaf
from onefile.verify.leaf import Leaf, entry_bytes, read_leaf

CONTENT = bytes(range(32))
GOOD = entry_bytes("116901000005202685002", "116901000005202685", 7, "2026-11-23T00:00:00.120000Z", CONTENT)


def test_a_leaf_is_read_as_it_was_written():
    leaf = read_leaf(GOOD)
    assert (leaf.type, leaf.issuer, leaf.version) == ("116901000005202685002", "116901000005202685", 7)
    assert (leaf.at.isoformat(), leaf.commitment) == ("2026-11-23T00:00:00.120000+00:00", CONTENT)
    assert isinstance(leaf, Leaf)
    assert leaf.entry() == GOOD
    assert json.loads(GOOD)["format"] == "onefile.leaf/1"


OTHERS = {
    "another format": (b"onefile.leaf/1", b"onefile.leaf/2"),
    "white space": (b'"at":', b'"at": '),
    "a line end": (b"}", b"}\n"),
    "an escape": (b'"type":"1', b'"type":"\\u0031'),
    "a quotation mark": (b'"issuer":"1', b'"issuer":"\\"'),
    "a control character": (b'"issuer":"1', b'"issuer":"\x01'),
    "a letter beyond ASCII": (b'"issuer":"1', '"issuer":"１'.encode()),
    "bytes that are no text": (b'"issuer":"1', b'"issuer":"\xff'),
    "no issuer": (b'"issuer":"116901000005202685"', b'"issuer":""'),
    "one field more": (b'"version":7', b'"version":7,"x":1'),
    "a field twice": (b'"version":7', b'"version":7,"version":7'),
    "version 0": (b'"version":7', b'"version":0'),
    "version 07": (b'"version":7', b'"version":07'),
    "version -7": (b'"version":7', b'"version":-7'),
    "version 7.0": (b'"version":7', b'"version":7.0'),
    "a version as text": (b'"version":7', b'"version":"7"'),
    "a version beyond all readers": (b'"version":7', b'"version":9007199254740992'),
    "a huge version": (b'"version":7', b'"version":' + b"9" * 5000),
    "no such day": (b"2026-11-23", b"2026-11-31"),
    "no such hour": (b"T00:", b"T24:"),
    "another zone": (b"00Z", b"00+08:00"),
    "a fraction in another form": (b".120000Z", b".12Z"),
    "a fraction of nothing": (b".120000Z", b".000000Z"),
    "a commitment in capitals": (CONTENT.hex()[-2:].encode(), b"1F"),
    "a commitment cut short": (CONTENT.hex().encode(), CONTENT.hex()[2:].encode()),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_leaf_in_another_form_is_refused(what):
    found, instead = OTHERS[what]
    altered = GOOD.replace(found, instead, 1)
    assert altered != GOOD
    with pytest.raises(MalformedLeaf):
        read_leaf(altered)
