"""Use cases that change violations, in one folder because there are many; other features import from here."""

from trafficedu.violations.services.kinds import KindInput, add_kind, end_kind, load_kinds, renew_kind
from trafficedu.violations.services.objections import decide_objection, raise_objection
from trafficedu.violations.services.recording import NewViolation, record
from trafficedu.violations.services.reviewing import confirm, identify_rider, reject, void

__all__ = [
    "KindInput",
    "NewViolation",
    "add_kind",
    "confirm",
    "decide_objection",
    "end_kind",
    "identify_rider",
    "load_kinds",
    "raise_objection",
    "record",
    "reject",
    "renew_kind",
    "void",
]
