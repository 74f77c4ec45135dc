"""Identifiers become trusted values here, or raise: persons, enterprises, licences, areas.

>>> from schemas.identifiers import citizen_number
>>> citizen_number("11010519491231002X").birth_on
datetime.date(1949, 12, 31)
"""

from schemas.identifiers.areas import area_code
from schemas.identifiers.enterprises import CreditCode, credit_code
from schemas.identifiers.errors import InvalidIdentifier
from schemas.identifiers.licences import LicenceId, licence_id, make_licence_id
from schemas.identifiers.persons import PersonNumber, citizen_number, person_number

__all__ = [
    "CreditCode",
    "InvalidIdentifier",
    "LicenceId",
    "PersonNumber",
    "area_code",
    "citizen_number",
    "credit_code",
    "licence_id",
    "make_licence_id",
    "person_number",
]
