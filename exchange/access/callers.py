"""Who asks: a department's system, an official, an applicant, or anybody."""

from __future__ import annotations

from dataclasses import dataclass

CLIENT_KINDS = {"system": ("部门业务系统", "a department's system"), "intake": ("受理平台", "the intake platform")}
OFFICIAL_ROLES = {
    "engineer": ("大数据局工程师", "bureau engineer"),
    "provider": ("提供部门经办人", "official of a provider"),
    "consumer": ("需求部门经办人", "official of a consumer"),
    "office": ("部门共享负责机构", "a department's sharing office"),
    "auditor": ("审计人员", "auditor"),
    "supervisor": ("监督人员", "supervisor"),
}
INTAKE, APPLICANT, PUBLIC = "intake", "applicant", "public"
ROLES = (*CLIENT_KINDS, *OFFICIAL_ROLES, APPLICANT, PUBLIC)
RELATIONS = {
    "own": ("本人、本部门", "the caller's own, or its department's"),
    "party": ("办件或授权的一方", "one that the caller's department is a party to"),
    "represented": ("被代理人", "of somebody for whom the caller may act"),
    "any": ("任何对象", "anybody's"),
}
"""What a thing is to a caller; a role that may act on anybody's may act on its own as well."""


@dataclass(frozen=True)
class Mandate:
    """Somebody may act for somebody: subjects by internal id, `scope` items or `*`, days YYYY-MM-DD."""

    mandate_id: str
    agent_id: str
    principal_id: str
    relation: str
    source: str
    scope: tuple[str, ...]
    since: str
    until: str


@dataclass(frozen=True)
class Caller:
    """Who asks, once the token holds. `subject_id` and `assurance` are an applicant's; 0: none.

    `id` is a client's id, or `<issuer>#<subject>` of a person that an identity provider names.
    """

    kind: str
    id: str
    name: str
    department: str
    roles: frozenset[str]
    subject_id: str = ""
    assurance: int = 0
    acting_for: Mandate | None = None

    @property
    def operator(self) -> str:
        """Who it is, for the ledger and for steps."""
        return f"{self.kind} {self.id}"

    @property
    def acting(self) -> str:
        """By whose right, for the ledger and the trail: relation and mandate, where the caller acts for another."""
        return "" if self.acting_for is None else f"{self.acting_for.relation}:{self.acting_for.mandate_id}"

    @property
    def about(self) -> str:
        """The internal id of the subject whose own affairs these are: the principal where the caller acts for one."""
        return self.acting_for.principal_id if self.acting_for is not None else self.subject_id


ANYBODY = Caller("public", "public", "", "", frozenset({PUBLIC}))
