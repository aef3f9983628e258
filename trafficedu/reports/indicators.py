"""The indicators of the villages as a file for another system: JSON that says which document it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trafficedu.core.month import Month
from trafficedu.reports.proof import PLAIN, Stamp

Figure = int | str | None


@dataclass(frozen=True)
class IndicatorsData:
    """The villages of a month with their figures (``docs/handing_on.md``), and what evaluation stood then ("")."""

    district: str
    month: Month
    evaluation: str
    villages: Sequence[Mapping[str, Figure]]


def render(data: IndicatorsData, _locale: str, stamp: Stamp = PLAIN) -> bytes:
    """Return the file; without a proof it is marked as a draft."""
    proof = stamp.proof
    about = None
    if proof is not None:
        about = {"number": proof.number, "issued_on": proof.issued_on.isoformat(), "verify": proof.address}
    said = {
        "month": str(data.month),
        "document": about,
        "draft": proof is None,
        "replaces": (proof.replaces or None) if proof else None,
        "evaluation": data.evaluation or None,
        "villages": [dict(one) for one in data.villages],
    }
    return json.dumps(said, ensure_ascii=False, indent=1).encode()
