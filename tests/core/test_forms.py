"""The door for what is submitted: a refusal stays at its field, every other answer travels on by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from tests.conftest import Browser
from tests.factories import people
from trafficedu.core.access import actor, requires
from trafficedu.core.audit import AuditEntry, AuditResult
from trafficedu.core.database import database
from trafficedu.core.errors import Missing, Refusal, Stale, entered
from trafficedu.core.fields import Form, TrimmedField
from trafficedu.core.forms import form_page, submitted
from trafficedu.core.text import message
from trafficedu.core.transactions import WRITES

READ_CATALOGUE = "violations:kind:manage"


class CodeForm(Form):
    """A form with one field."""

    code = TrimmedField("code")


def deny() -> None:
    actor().require("nobody:holds:this")


def refuse() -> None:
    with entered("code", "9"):
        raise Missing(message("There is no such kind."))


def come_late() -> None:
    raise Stale(message("There is no such kind."))


def miss() -> None:
    raise Missing(message("There is no such kind."))


@pytest.fixture
def administrator(fresh_app: Flask) -> Browser:
    """Somebody who opens a page whose form does what its address names."""
    acts: dict[str, Callable[[], None]] = {"deny": deny, "refuse": refuse, "late": come_late, "miss": miss}

    @requires(READ_CATALOGUE)
    def page(act: str) -> tuple[str, int]:
        form = CodeForm()
        submitted(form, acts[act])
        return form_page("errors/400.html", form, message=" ".join(form.code.errors))

    fresh_app.add_url_rule("/tried/<act>", "tried", page, methods=["POST"])
    fresh_app.test_client_class = Browser
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        user = people.make_user(session, "administrator")
        session.commit()
        client = fresh_app.test_client()
        assert isinstance(client, Browser)
        return client.sign_in(user)


def test_a_denial_from_inside_a_service_is_answered_and_audited(fresh_app: Flask, administrator: Browser) -> None:
    assert administrator.post("/tried/deny").status_code == 403
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.result == AuditResult.REFUSED)).one()
    assert (entry.action, entry.detail) == ("access:page:open", {"endpoint": "tried"})


def test_what_is_stale_or_missing_travels_on_and_a_refusal_stays_at_its_field(administrator: Browser) -> None:
    assert administrator.post("/tried/late").status_code == 409
    assert administrator.post("/tried/miss").status_code == 404
    refused = administrator.post("/tried/refuse?lang=en")
    assert refused.status_code == 422
    assert "There is no such kind." in refused.text


def test_what_is_entered_and_missing_names_its_field_and_value() -> None:
    with pytest.raises(Refusal) as caught:
        refuse()
    assert (caught.value.field, caught.value.value) == ("code", "9")
