"""XML from a stranger: elements, attributes and text; no document type, no entities, no depth without end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from licence_vault.originals.errors import OriginalHostile, OriginalMalformed

DEEPEST = 100


@dataclass
class Element:
    """An element: its name without the namespace, which stands in `namespace`."""

    namespace: str
    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def child(self, name: str) -> Element | None:
        """Return the first child of a name."""
        return next((child for child in self.children if child.name == name), None)

    def all(self, name: str) -> Iterator[Element]:
        """Yield the children of a name."""
        return (child for child in self.children if child.name == name)


def read(data: bytes, name: str) -> Element:
    """Return the root element.

    Args:
        name: of the file, for messages.

    Raises:
        OriginalMalformed: it is not well-formed.
        OriginalHostile: it declares a document type or entities, or is nested beyond all use.
    """
    builder = _Builder(name)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        raise OriginalMalformed(f"{name} is not well-formed XML") from None
    return builder.root.children[0]


class _Builder:
    def __init__(self, name: str) -> None:
        self._name = name
        self.root = Element("", "", {})
        self._open = [self.root]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        element = Element(namespace, local, {key.rpartition(" ")[2]: value for key, value in attributes.items()})
        self._open[-1].children.append(element)
        self._open.append(element)
        if len(self._open) > DEEPEST:
            raise OriginalHostile(f"{self._name} is nested too deep")

    def end(self, _name: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].text += text

    def doctype(self, *_: object) -> None:
        raise OriginalHostile(f"{self._name} declares a document type")
