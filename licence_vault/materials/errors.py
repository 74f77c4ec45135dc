"""Why a material is not taken, or not given. No message holds anything of its content, its name or its holder."""

from __future__ import annotations

from collections.abc import Mapping

from licence_vault.errors import VaultError

REASONS: Mapping[str, tuple[str, str]] = {
    "empty": ("文件为空", "the file is empty"),
    "too_large": ("文件超过大小上限", "the file is larger than a material may be"),
    "type": ("文件内容不是可接受的类型（PDF、OFD、JPEG、PNG、DOCX、XLSX）",
             "its content is none of PDF, OFD, JPEG, PNG, DOCX, XLSX, whatever its name says"),
    "type_differs": ("文件内容与其声明的类型不符", "its content is of another type than was said of it"),
    "polyglot": ("文件同时是另一种格式，或首尾附有其他内容",
                 "it is another format as well, or something stands before or behind it"),
    "malformed": ("文件不完整或无法读取", "it is cut short, or cannot be read as its type"),
    "encrypted": ("文件已加密", "it is encrypted: nobody could use it"),
    "active": ("文件含有脚本、宏、外部链接或嵌入文件", "it has scripts, macros, outside links or files in it"),
    "bomb": ("文件展开后远大于其本身", "it unpacks to far more than it is"),
    "pages": ("页数超过上限，或没有页", "it has more pages than a material may have, or none"),
    "malware": ("病毒扫描发现威胁", "a scanner found something harmful in it"),
    "name": ("文件名含有路径", "its name has a path in it"),
}  # fmt: skip
"""Why a file is refused."""


class MaterialFault(VaultError):
    """The root of what can go wrong with shared materials."""


class FileRefused(MaterialFault):
    """A file cannot be a material; `reason` is a key of REASONS."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        chinese, english = REASONS.get(reason, (reason, reason))
        self.zh = chinese
        super().__init__(f"the file is not taken: {english}; hand in a clean copy of the material itself")


class ScannerGone(MaterialFault):
    """The virus scanner that is set up does not answer, so nothing is taken unscanned."""

    def __init__(self) -> None:
        super().__init__("the virus scanner does not answer: start clamd and try again, or set up none")


class StoreGone(MaterialFault):
    """The store of materials cannot be written to or read from."""

    def __init__(self) -> None:
        super().__init__("the store of materials does not answer: nothing was taken or given; look at its folder")


class MaterialDamaged(MaterialFault):
    """What the store has is not what was put there."""

    def __init__(self, material_id: str) -> None:
        super().__init__(f"material {material_id} is damaged in the store: bring it back from the last backup")


class NoSuchMaterial(MaterialFault):
    """There is no such material, or none that counts."""

    def __init__(self) -> None:
        super().__init__("there is no such material that you may use: ask the applicant for it")


class NotLeftToHolder(MaterialFault):
    """The law has the material kept, whatever its holder wants."""

    def __init__(self, basis: str) -> None:
        super().__init__(f"the material is kept by law ({basis}), whatever its holder wants: it cannot be taken back")
