"""What a list leaves behind when it is taken away as a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Browser
from tests.factories import places
from trafficedu.accounts.models import User
from trafficedu.violations.views import browsing


def test_an_export_that_fails_leaves_no_open_file(
    session: Session, client: Browser, make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[Any] = []

    def fail(_columns: Any, _rows: Any, file: Any) -> int:
        files.append(file)
        raise OSError("disk full")

    monkeypatch.setattr(browsing, "write_csv", fail)
    client.sign_in(make_user("supervisor", area_id=places.area(session).id))
    assert client.post("/violations/export/csv").status_code == 500
    assert [file.closed for file in files] == [True]
