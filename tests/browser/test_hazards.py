"""A hazard reported on a phone: a photo with position data, the position the browser tells, a word or two."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from tests.browser.conftest import Visitor
from tests.factories import places
from tests.factories.people import PASSWORD, make_user
from tests.factories.pictures import camera_photo
from trafficedu.core.services import services_of
from trafficedu.core.transactions import WRITES
from trafficedu.hazards.models import Hazard

pytestmark = pytest.mark.browser


@pytest.fixture
def officer(live_app: Flask) -> str:
    """A user name; the post is a village."""
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        user = make_user(session, "grid", area_id=places.area(session, places.VILLAGE).id)
        session.commit()
        return user.username


def test_reporting_on_a_phone(live_app: Flask, visit: Callable[[str], Visitor], officer: str) -> None:
    visitor = visit("phone")
    page = visitor.page
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 30.1785, "longitude": 120.2647})
    visitor.sign_in(officer, PASSWORD)
    visitor.open("/hazards/new")
    photo = {"name": "IMG_0815.jpg", "mimeType": "image/jpeg", "buffer": camera_photo()}
    page.locator("#camera").set_input_files(photo)  # type: ignore[arg-type]
    page.locator("#kind").select_option("surface")
    page.locator("label[for=risk-0]").click()
    page.locator("#place").fill("湘湖路口东侧")
    page.locator("#hazard details summary").click()
    page.locator("button[data-position]").click()
    page.wait_for_function("document.getElementById('latitude').value !== ''")
    visitor.look("filled-in")
    page.locator("button[form=hazard]").click()
    page.locator(".photos img").wait_for()
    visitor.look("reported")
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        hazard = session.scalars(select(Hazard)).one()
        assert (hazard.latitude, hazard.longitude, hazard.risk) == (30.1785, 120.2647, "high")
        kept = services_of(session).evidence.read(hazard.photos[0].key)
    with Image.open(io.BytesIO(kept)) as opened:
        assert not opened.getexif()
