from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from trafficedu.core import audit, schema
from trafficedu.core.actors import SYSTEM
from trafficedu.core.database import database


def test_migrations_end_where_the_models_are(app: Flask) -> None:
    with app.app_context(), database().engine.connect() as connection:
        assert schema.drift(connection) == []
        assert schema.current(connection) == schema.head()


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_change_the_audit_trail(session: Session, statement: str) -> None:
    audit.write(session, "test:row:write", SYSTEM)
    session.flush()
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement))


def test_migrations_go_down_and_up_again(fresh_app: Flask) -> None:
    with fresh_app.app_context():
        engine = database().engine
        schema.downgrade(engine)
        with engine.connect() as connection:
            assert schema.current(connection) is None
        schema.upgrade(engine)
        with engine.connect() as connection:
            assert schema.drift(connection) == []
