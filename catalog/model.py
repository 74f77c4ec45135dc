"""The catalogue as a value: what things are, and what departments share of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.errors import UnknownDepartment, UnknownResource
from schemas.archives import Archives
from schemas.model import Declarations, Department, Resource
from schemas.watching import Watch
from schemas.working_days import Sharing


@dataclass(frozen=True)
class Catalogue:
    """Everything declared, cross-checked. `digest` covers resources too: SHA-256, hex.

    `sharing` are the calendar, the clocks and the authority of sharing, `watch` from where on looks are unusual,
    `archives` how closed cases are archived: no digest covers them.
    """

    declarations: Declarations
    resources: Mapping[str, Resource]
    digest: str
    sharing: Sharing
    watch: Watch = field(default_factory=Watch)
    archives: Archives = field(default_factory=Archives)

    def resource(self, resource_id: str) -> Resource:
        """Return the resource of that id; raise UnknownResource with the nearest one."""
        if resource_id not in self.resources:
            raise UnknownResource(resource_id, self.resources)
        return self.resources[resource_id]

    def department(self, department_id: str) -> Department:
        """Return the department of that id; raise UnknownDepartment with the nearest one."""
        if department_id not in self.declarations.departments:
            raise UnknownDepartment(department_id, self.declarations.departments)
        return self.declarations.departments[department_id]

    def check_party(self, department_id: str) -> None:
        """Check who is to have clients or officials: a department, or the authority of sharing; UnknownDepartment."""
        known = (*self.declarations.departments, self.sharing.authority)
        if department_id not in known:
            raise UnknownDepartment(department_id, known)

    def of_table(self, table: str) -> tuple[Resource, ...]:
        """Return the resources that fill a table, in order of id."""
        return tuple(resource for resource in self.resources.values() if resource.table == table)
