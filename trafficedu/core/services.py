"""What services work with beside the database: one object for a process, which travels with every session.

So nothing is global, and a test gives a session other services. What lives as long as one session (the figures of
``configuration.queries``, the rows ``core.audit`` has yet to write) stays in ``session.info`` under a key that
only its module knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy.orm import Session

from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Refusal
from trafficedu.core.settings import Settings
from trafficedu.core.storage import EvidenceStore
from trafficedu.core.text import message

_KEY = "services"


@dataclass(frozen=True)
class Services:
    """The keys of personal data, the store of evidence, who handles which event, and how figures are covered."""

    settings: Settings
    keyring: Keyring
    evidence: EvidenceStore
    handlers: Mapping[type[Any], Sequence[Callable[[Session, Any], None]]]
    covered: Mapping[str, Any] = field(default_factory=dict)
    """FIGURE -> how its records are counted by unit and month (``coverage.models.Covered``)."""

    def address(self, path: str) -> str:
        """Return where the public finds the page at ``path`` ("/verify/…"), for a paper.

        Raises
        ------
        Refusal
            The service is open to other machines and nobody has said under which address: a code on a paper would lead
            nowhere, and a paper in somebody's hands cannot be called back.
        """
        address = self.settings.address
        if address is None:
            raise Refusal(
                message(
                    "The public address of this installation is not set, so the code on a paper would lead nowhere. The"
                    " administrator has to set TRAFFICEDU_PUBLIC_URL first."
                )
            )
        return f"{address}{path}"

    def as_info(self) -> dict[str, Any]:
        """Return what a session carries in its ``info``, so that :func:`services_of` finds this object."""
        return {_KEY: self}


def services_of(session: Session) -> Services:
    """Return the services that travel with ``session``."""
    return cast(Services, session.info[_KEY])
