"""What was found of an original: its seals, what was checked of them, and what was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CHECKED = {
    "structure": ("文件结构", "the file's structure"),
    "digests": ("各部分摘要", "the digests of its parts"),
    "seal_data": ("印章数据的格式", "the form of the seal's data"),
    "seal_binding": ("印章数据与签名文件的绑定", "that the seal is on this signature file"),
    "seal_signature": ("签章与制章的签名值（SM2）", "the signatures of the seal and of its maker (SM2)"),
    "sealing_time": ("用章时间在有效期内", "that the seal was good when it was put on"),
    "signature": ("数字签名", "the digital signature"),
    "no_later_changes": ("签名后未改动", "that nothing was changed after signing"),
    "certificate_chain": ("证书链", "the certificate's chain to a trusted authority"),
}
UNCHECKED = {
    "seal_binding": ("印章数据与签名文件的绑定", "whether the seal is on this signature file"),
    "seal_signature": ("签章与制章的签名值（SM2）", "the signatures of the seal and of its maker (SM2)"),
    "sealing_time": ("用章时间是否在有效期内", "whether the seal was good when it was put on"),
    "certificate_chain": ("证书链", "the certificate's chain to a trusted authority"),
    "revocation": ("证书吊销状态", "whether the certificate was revoked"),
    "seal_data": ("印章数据（格式未识别）", "the seal's data (its format is not known here)"),
    "parts_not_covered": ("未被签名覆盖的部分", "parts that no signature covers"),
    "content": ("版面内容与证照数据是否一致", "whether its face says what the licence's data says"),
}
"""What may be checked of an original and what may not be, by the word that reports use."""


@dataclass(frozen=True)
class Seal:
    """A seal (电子印章) or signature on an original, as it tells of itself.

    Args:
        issuer: whose it is: the seal's name, or the certificate's subject.
        seal_id: the seal's number, or the certificate's serial number in hex.
        certificate: SHA-256 of the signer's certificate (DER), hex; None where there is none.
        valid_from, valid_until: validity of the seal, else of the certificate, RFC 3339.
        signed_at: when it says that it was made, RFC 3339.
        picture_type, picture: the picture of the seal; None where it has none.
    """

    issuer: str
    seal_id: str
    certificate: str | None
    valid_from: str | None
    valid_until: str | None
    signed_at: str | None
    picture_type: str | None = None
    picture: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Report:
    """What an original is: `format` `pdf` or `ofd`; `checked` and `unchecked` are words of the lists above."""

    format: str
    seals: tuple[Seal, ...]
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]

    def written(self) -> dict[str, Any]:
        """Return it as a JSON object; pictures as hex."""
        return {
            "format": self.format,
            "seals": [
                {**seal.__dict__, "picture": None if seal.picture is None else seal.picture.hex()}
                for seal in self.seals
            ],
            "checked": list(self.checked),
            "unchecked": list(self.unchecked),
        }


def read_report(said: Mapping[str, Any]) -> Report:
    """Return the report that was written."""
    seals = tuple(
        Seal(**{**seal, "picture": None if seal["picture"] is None else bytes.fromhex(seal["picture"])})
        for seal in said["seals"]
    )
    return Report(said["format"], seals, tuple(said["checked"]), tuple(said["unchecked"]))
