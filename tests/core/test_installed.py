"""The service as a phone keeps it: its name, its signs, and the worker that opens pages without a network."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from PIL import Image

from tests.conftest import Browser

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
    assert facts["home"] == {"first": "/", "page": "/record"}
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
