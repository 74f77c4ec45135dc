"""Why a file is not taken as an original. No message holds anything of its content."""

from __future__ import annotations

from licence_vault.errors import VaultError


class OriginalRefused(VaultError):
    """A file cannot be collected as an original."""


class NotAnOriginal(OriginalRefused):
    """The file is neither a PDF nor an OFD, or both at once."""

    def __init__(self, found: str) -> None:
        super().__init__(f"the file is {found}: a PDF or an OFD (GB/T 33190) is wanted, and nothing beside it")


class OriginalMalformed(OriginalRefused):
    """The file is cut short, or not made as its standard wants."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the file is not made as its standard wants ({detail}): ask its authority for a whole one")


class OriginalHostile(OriginalRefused):
    """The file would harm whoever opens it: it unpacks to a mountain, leaves its folder, or runs something."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the file is dangerous to open ({detail}): keep it apart and ask where it came from")


class NotSealed(OriginalRefused):
    """Nobody sealed or signed the file."""

    def __init__(self) -> None:
        super().__init__("the file bears no seal and no signature: an original is sealed by its authority")


class OriginalAltered(OriginalRefused):
    """The file is not what was sealed."""

    def __init__(self, where: str) -> None:
        super().__init__(f"the file was altered after it was sealed ({where}): ask its authority for the original")


class SealNotGood(OriginalRefused):
    """The seal on the file is not its authority's, or was not good when it was put on."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the seal on the file is not good ({detail}): ask its authority for the original")


class SignerNotTrusted(OriginalRefused):
    """The signer's certificate leads to none of the authorities that are trusted."""

    def __init__(self) -> None:
        super().__init__("the signer's certificate leads to none of the authorities in --ca: look at both")


class ReaderMissing(OriginalRefused):
    """What reads such files is not installed."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"the reader of such files is not installed: install the extra [{extra}]")


class NoSuchOriginal(VaultError):
    """The vault has no such original."""

    def __init__(self) -> None:
        super().__init__("the vault has no original of that digest: `onefile vault show` lists those of a licence")
