"""OFD (GB/T 33190-2016), sealed: read, and its seals checked.

1. The package is sound (`package`). 2. `OFD.xml` names a document that is there, and its signatures.
3. Each signature file lists the parts that it covers, with their digests; all of them fit.
4. The document's root file is covered. 5. The seal's data names the digest of the signature file,
where it is made as GB/T 38540 or GM/T 0031 says. 6. Its SM2 signatures hold, and it was good when it was
put on (`ses`). 7. With authorities given, one of them certified each signer.

Not checked: revocation; whether the face says what the licence's data says; and what a report's `unchecked`
says besides. The standards' texts are sold; this follows the structure used by open readers.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Mapping, Sequence
from hmac import compare_digest

from cryptography.hazmat.primitives import hashes
from cryptography.x509 import Certificate

from licence_vault.originals import package, ses
from licence_vault.originals.errors import (
    NotSealed,
    OriginalAltered,
    OriginalHostile,
    OriginalMalformed,
    SignerNotTrusted,
)
from licence_vault.originals.report import Report, Seal
from licence_vault.originals.xml import Element, read
from onefile.verify.certificate import load

NAMESPACE = "http://www.ofdspec.org/2016"
DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {
    "1.2.156.10197.1.401": hashes.SM3,
    "sm3": hashes.SM3,
    "2.16.840.1.101.3.4.2.1": hashes.SHA256,
    "sha256": hashes.SHA256,
}
"""Methods of digests that are believed; MD5 and SHA-1, which the standard also knows, are not."""
ROOT = "OFD.xml"
OF_SEALS = ("seal_data", "seal_binding", "seal_signature", "sealing_time", "certificate_chain")
"""What can be checked of a seal; a report says of each that it was checked of all seals, or that it was not."""


def look(data: bytes, authorities: Sequence[bytes] = ()) -> Report:
    """Return what a sealed OFD is.

    Args:
        authorities: certificates (DER) of which one must have certified each signer; none: that is not checked.

    Raises:
        OriginalRefused: one of its kinds, as the steps say.
    """
    parts = package.unpacked(data)
    document, listed = _documents(parts)
    covered: set[str] = set()
    own = {listed}
    seals, checked = [], set(OF_SEALS)
    for path in _signatures(parts, listed):
        signature = _read(parts, path, "Signature")
        covered |= _check_digests(parts, path, signature)
        seal, files, words = _seal(parts, path, signature, list(map(load, authorities)))
        seals.append(seal)
        own |= files
        checked &= words
    if document not in covered:
        raise OriginalAltered("no signature covers the document's root file")
    unchecked = [word for word in OF_SEALS if word not in checked]
    unchecked += ["revocation", "content", *["parts_not_covered"] * bool(set(parts) - covered - own)]
    return Report(
        "ofd", tuple(seals), ("structure", "digests", *(w for w in OF_SEALS if w in checked)), tuple(unchecked)
    )


def _documents(parts: Mapping[str, bytes]) -> tuple[str, str]:
    """Return the path of the document's root file and of the list of signatures."""
    if ROOT not in parts:
        raise OriginalMalformed(f"no {ROOT}")
    root = read(parts[ROOT], ROOT)
    bodies = list(root.all("DocBody"))
    if root.name != "OFD" or root.namespace != NAMESPACE or len(bodies) != 1:
        raise OriginalMalformed(f"{ROOT} is no OFD with one document")
    document = _path(ROOT, _text(bodies[0], "DocRoot", ROOT))
    if read(_part(parts, document), document).name != "Document":
        raise OriginalMalformed("the document's root file is no document")
    listed = bodies[0].child("Signatures")
    if listed is None or not listed.text.strip():
        raise NotSealed
    return document, _path(ROOT, listed.text.strip())


def _signatures(parts: Mapping[str, bytes], listed: str) -> list[str]:
    entries = _read(parts, listed, "Signatures").all("Signature")
    found = [_path(listed, entry.attributes.get("BaseLoc", "")) for entry in entries]
    if not found:
        raise NotSealed
    return found


def _check_digests(parts: Mapping[str, bytes], path: str, signature: Element) -> set[str]:
    """Hold each part that a signature covers against its digest; return their paths."""
    info = signature.child("SignedInfo")
    references = None if info is None else info.child("References")
    if references is None:
        raise OriginalMalformed(f"{path} lists no parts")
    method = references.attributes.get("CheckMethod", "MD5")
    algorithm = DIGESTS.get(method.lower())
    if algorithm is None:
        raise OriginalMalformed(f"digests by {method!a}, which is not believed: SM3 or SHA-256 is wanted")
    covered = set()
    for reference in references.all("Reference"):
        part = _path(path, reference.attributes.get("FileRef", ""))
        if not compare_digest(_digest(algorithm(), _part(parts, part)), _base64(_text(reference, "CheckValue", path))):
            raise OriginalAltered("a part's digest does not fit")
        covered.add(part)
    return covered


def _seal(
    parts: Mapping[str, bytes], path: str, signature: Element, authorities: list[Certificate]
) -> tuple[Seal, set[str], set[str]]:
    """Return the seal of a signature, the files that are the signature's own, and what was checked of it."""
    value = _path(path, _text(signature, "SignedValue", path))
    info = signature.child("SignedInfo")
    told = None if info is None else info.child("Seal")
    files = {path, value}
    if told is not None:
        files.add(_path(path, _text(told, "BaseLoc", path)))
    made = None if info is None else info.child("SignatureDateTime")
    signed_at = None if made is None else made.text.strip()
    try:
        found = ses.read(_part(parts, value))
    except ValueError:
        if authorities:
            raise SignerNotTrusted from None
        return Seal("", signature.attributes.get("ID", ""), None, None, None, signed_at), files, set()
    if not compare_digest(found.data_digest, _digest(hashes.SM3(), parts[path])):
        raise OriginalAltered("the seal is not on this signature file")
    words = {"seal_data", "seal_binding", *ses.checked(found)}
    if authorities and not ("seal_signature" in words and ses.is_led(found, authorities)):
        raise SignerNotTrusted
    return found.seal, files, words | ({"certificate_chain"} if authorities else set())


def _read(parts: Mapping[str, bytes], path: str, name: str) -> Element:
    element = read(_part(parts, path), path)
    if element.name != name:
        raise OriginalMalformed(f"{path} is no {name}")
    return element


def _part(parts: Mapping[str, bytes], path: str) -> bytes:
    if path not in parts:
        raise OriginalMalformed("a part that is named is not there")
    return parts[path]


def _path(base: str, text: str) -> str:
    """Return the path in the package that a location means: from its root, or beside the file that says it."""
    if not text or "\\" in text:
        raise OriginalMalformed("a location is empty or has backslashes")
    joined = text.lstrip("/") if text.startswith("/") else posixpath.join(posixpath.dirname(base), text)
    path = posixpath.normpath(joined)
    if path.startswith(".."):
        raise OriginalHostile("a location leads out of the package")
    return path


def _text(element: Element, name: str, path: str) -> str:
    child = element.child(name)
    if child is None or not child.text.strip():
        raise OriginalMalformed(f"{path} has no {name}")
    return child.text.strip()


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise OriginalMalformed("a digest is no base64") from None


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    hashed = hashes.Hash(algorithm)
    hashed.update(data)
    return hashed.finalize()
