"""The service as a phone keeps it: its name, its signs, and the worker that opens pages without a network."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image

from tests.conftest import Browser
from trafficedu.accounts.models import User
from trafficedu.accounts.rules import Role

pytestmark = pytest.mark.one_database


def test_the_worker_is_at_a_fixed_address_and_names_pages_and_files_that_are_there(client: Browser) -> None:
    answer = client.get("/worker.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    facts = json.loads(answer.text.split("self.KEPT = ", 1)[1].split(";\n", 1)[0])
    assert facts["pages"] == {
        "/record": "/record/kept",
        "/helmets/count": "/helmets/count/kept",
        "/hazards/new": "/hazards/new/kept",
        "/patrols/now": "/patrols/now/kept",
        "/door": "/door/kept",
    }
    assert facts["home"] == "/"
    for address in facts["assets"]:
        with client.get(address) as file:
            assert file.status_code == 200, address
    unchanged = client.get("/worker.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert unchanged.status_code == 304


@pytest.mark.parametrize(("locale", "name"), [("zh", "交治通（现场执法）"), ("en", "trafficedu, at the kerb")])
def test_the_manifest_names_the_service_and_its_signs(client: Browser, locale: str, name: str) -> None:
    answer = client.get(f"/manifest.webmanifest?lang={locale}")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    said = json.loads(answer.text)
    assert (said["name"], said["start_url"], said["display"], said["scope"]) == (name, "/record", "standalone", "/")
    assert {icon["purpose"] for icon in said["icons"]} == {"any", "maskable"}
    for icon in said["icons"]:
        with client.get(icon["src"]) as file:
            assert f"{Image.open(BytesIO(file.data)).width}x{Image.open(BytesIO(file.data)).height}" == icon["sizes"]


@pytest.mark.parametrize("role", [None, *Role])
def test_a_page_tells_the_phone_to_keep_what_its_account_may_open_and_nothing_else(
    client: Browser, make_user: Callable[..., User], role: Role | None
) -> None:
    """Whatever else the phone asked for would be refused, and each refusal stands in the audit trail."""
    if role is not None:
        client.sign_in(make_user(role))
    page = client.get("/messages" if role else "/sign-in")
    told = re.search(r'data-keeps="([^"]*)"', page.text)
    assert told is not None
    worker = client.get("/worker.js").text
    kept = json.loads(worker.split("self.KEPT = ", 1)[1].split(";\n", 1)[0])["pages"].values()
    opened = {copy: client.get(copy).status_code for copy in kept}
    assert told[1].split() == [copy for copy, status in opened.items() if status == 200]
    assert set(opened.values()) <= {200, 403 if role else 302, 303}
