from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from trafficedu.core.database import database
from trafficedu.core.transactions import WRITES


@pytest.fixture
def session(fresh_app: Flask) -> Iterator[Session]:
    """A database of its own: months are settled by transactions that really end."""
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as made:
        yield made
