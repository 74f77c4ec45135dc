"""Why a shared material is not taken, given or taken back, at the counter."""

from __future__ import annotations

from exchange.errors import Refusal


class MaterialRefused(Refusal):
    """A file cannot be a material: its type, size or pages, something harmful in it, or a path in its name."""

    status, code, zh = 422, "material_refused", "文件不能作为共享材料"

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(f"it cannot be a material: {english}")
        self.zh = f"文件不能作为共享材料：{chinese}"


class MaterialNotRecognised(Refusal):
    """A material does not count for the item cited, by the rules of its kind, or does not count any more."""

    status, code, zh = 409, "material_not_recognised", "该材料按规则不能用于所引事项，或已失效"

    def __init__(self, why: str) -> None:
        super().__init__(f"the material does not count for the item cited ({why}): ask the applicant for another one")


class MaterialKeptByLaw(Refusal):
    """The holder wants a material back that the law has kept."""

    status, code, zh = 409, "material_kept_by_law", "该材料依法保存，不能撤回"

    def __init__(self) -> None:
        super().__init__("the material is kept by law, and cannot be taken back: /v1/me/materials says on which basis")


class CaseArchived(Refusal):
    """Something is deposited in a case whose archive package is made: it would be in no package."""

    status, code, zh = 409, "case_archived", "办件已归档，不能再存入材料"

    def __init__(self) -> None:
        super().__init__("the case is archived, and its package takes nothing more: deposit it in a case of its own")


class NoMaterialStore(Refusal):
    """The store of materials, or the scanner in front of it, does not answer."""

    status, code, zh = 503, "material_store_unavailable", "共享材料库或病毒扫描暂不可用，未收取任何文件"

    def __init__(self) -> None:
        super().__init__("the store of materials or its scanner does not answer at present: nothing was taken or given")
        self.retry_after = 30
