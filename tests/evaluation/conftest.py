from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.factories.colours import towns
from tests.factories.evaluation import put_first_rules_in_force

__all__ = ["first_rules", "towns"]


@pytest.fixture
def first_rules(session: Session) -> None:
    """Judge all months of the test under rule set 1."""
    put_first_rules_in_force(session)
