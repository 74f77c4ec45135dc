"""What the names in an entry are called by people: departments, items, fields, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from catalog.model import Catalogue
from schemas.service_items import Words

KINDS: Mapping[str, Words] = {
    "look": Words("查看", "looked at"),
    "file": Words("查询", "asked for"),
    "licence": Words("查询电子证照中的", "asked for, from licences,"),
    "record": Words("查询", "asked for"),
    "own": Words("查阅", "looked at"),
    "match": Words("核验", "compared"),
    "predicate": Words("核对（只得到是或否）", "asked yes or no about"),
    "material": Words("使用", "used"),
    "deposit": Words("存入", "deposited"),
    "register": Words("登记", "registered"),
    "end": Words("终止", "ended"),
    "prefill": Words("预填表单时取用", "took, to fill in a form,"),
    "check": Words("核对已交表单时比对", "compared, to check a form that was handed in,"),
}
"""By what is asked (`match` of `files.match`), else by of what (`licence` of `licences.read`); what is not here was
asked for."""
ACTING: Mapping[str, Words] = {
    "guardian": Words("监护人", "your guardian"),
    "representative": Words("法定代表人", "the legal representative"),
    "agent": Words("代理人", "an agent"),
    "helper": Words("社区帮办人员", "a community helper"),
}
BUREAU = Words("数据主管部门工作人员", "the data bureau's staff")
YOURSELF = Words("您本人", "you")
NOTHING = Words("是否有记录", "whether there is a record")
_LICENCES, _RELATIONS, _MATERIAL = "licences.", "relations.", "material."


@dataclass(frozen=True)
class Dictionary:
    """The declarations as words."""

    catalogue: Catalogue

    def action(self, kind: str) -> Words:
        """Return what was done, by an entry's kind."""
        of_what, _, asked = kind.partition(".")
        return KINDS.get(asked.removesuffix("s")) or KINDS.get(of_what.removesuffix("s")) or KINDS["file"]

    def department(self, department_id: str) -> Words:
        """Return a department's name; the bureau's own people have none."""
        found = self.catalogue.declarations.departments.get(department_id)
        if found is not None:
            return Words(found.name, found.name_en)
        return Words(department_id, department_id) if department_id else BUREAU

    def item(self, code: str) -> Words | None:
        """Return an item's name by its code or name; None for one that is not declared."""
        return self._items.get(code)

    def field(self, name: str, kind: str, resource: str) -> Words:
        """Return what a field is called: of a one file of a kind, of a resource, or a licence's type."""
        declared = self.catalogue.declarations
        if name.startswith(_LICENCES):
            licence = declared.licences.get(name.removeprefix(_LICENCES).partition(".")[0])
            return Words(licence.label, licence.label_en) if licence else Words(name, name)
        if name.startswith(_MATERIAL):
            return self._material(name.removeprefix(_MATERIAL))
        if name.startswith(_RELATIONS):
            return self._relation(name.removeprefix(_RELATIONS))
        found = self._attributes.get((kind, name)) or self._columns(resource).get(name) or self._any.get(name)
        return found or self._asked(name, kind) or Words(name, name)

    def _asked(self, name: str, kind: str) -> Words | None:
        """Return what an answer was made from: `match.name`, `over_age.birth_on`, `blacklisted.market.penalties`."""
        rest = name.partition(".")[2]
        resource = self.catalogue.resources.get(rest)
        if resource is not None:
            return Words(resource.title, resource.title_en)
        licence = self.catalogue.declarations.licences.get(rest)
        if licence is not None:
            return Words(licence.label, licence.label_en)
        return self._attributes.get((kind, rest)) or self._any.get(rest)

    @cached_property
    def _items(self) -> dict[str, Words]:
        items = self.catalogue.declarations.items.values()
        return {name: item.label for item in items for name in (item.code, item.name)}

    @cached_property
    def _attributes(self) -> dict[tuple[str, str], Words]:
        files = self.catalogue.declarations.files
        return {(kind, a.name): Words(a.label, a.about) for kind, file in files.items() for a in file.attributes}

    @cached_property
    def _any(self) -> dict[str, Words]:
        tables = self.catalogue.declarations.tables.values()
        found = {column.name: Words(column.label, column.about) for table in tables for column in table.columns}
        return {
            **found,
            **{name: words for (_, name), words in self._attributes.items()},
            "number": _NUMBER,
            "mandate": _MANDATE,
        }

    def _columns(self, resource: str) -> dict[str, Words]:
        named = (self.catalogue.resources.get(each) for each in resource.split(","))
        tables = [self.catalogue.declarations.tables[found.table] for found in named if found is not None]
        return {column.name: Words(column.label, column.about) for table in tables for column in table.columns}

    def _material(self, name: str) -> Words:
        kind = self.catalogue.declarations.materials.get(name.partition(".")[0])
        return kind.label if kind is not None else Words(name, name)

    def _relation(self, name: str) -> Words:
        for file in self.catalogue.declarations.files.values():
            for tie in file.relations:
                if name in (tie.name, tie.inverse):
                    label = tie.label if name == tie.name else tie.inverse_label
                    return Words(label, name.replace("_", " "))
        return Words(name, name)


_NUMBER = Words("号码", "number")
_MANDATE = Words("代办授权", "mandate to act")
