from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.browser.conftest import Visitor
from tests.factories import places
from tests.factories.people import PASSWORD, make_user
from trafficedu.areas import services
from trafficedu.core.actors import SYSTEM
from trafficedu.core.clock import utc_now
from trafficedu.core.month import Month
from trafficedu.core.transactions import WRITES

pytestmark = pytest.mark.browser
TABLE = "code,name,level,parent_code\n330109900,新镇,town,330109\n330109901,无根,town,999\n"


@pytest.mark.parametrize("width", ["phone", "desk"])
def test_the_administrator_looks_after_places_and_brings_in_a_table(
    live_app: Flask, visit: Callable[[str], Visitor], locale: str, width: str, tmp_path: Path, at_work: None
) -> None:
    with live_app.app_context(), live_app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        username = make_user(session, "administrator").username
        company = places.add_company(session, contact_name="王安全", contact_phone="0571-82000001").code
        station = places.add_station(session, places.area(session, places.VILLAGE), address="人民路 1 号").code
        for month in range(1, 9):
            services.set_figure(
                session, places.area(session), Month(2026, month), 41_000 + 90 * month, SYSTEM, utc_now()
            )
        session.commit()
    visitor = visit(width)
    visitor.sign_in(username, PASSWORD)
    for name, path in {
        "areas": "/areas",
        "area": f"/areas/{places.TOWN}",
        "area-new": f"/areas/{places.TOWN}/new",
        "area-end": f"/areas/{places.TOWN}/end",
        "companies": "/companies",
        "company": f"/companies/{company}",
        "company-form": f"/companies/{company}/edit",
        "stations": "/stations",
        "station": f"/stations/{station}",
        "station-form": f"/stations/{station}/edit",
        "configuration": "/configuration",
        "figure": "/configuration/figures/education.due_days",
        "runs": "/runs",
    }.items():
        visitor.open(path)
        visitor.look(name)
    visitor.open("/imports")
    visitor.look("imports")
    file = tmp_path / "areas.csv"
    file.write_bytes(TABLE.encode("gb18030"))
    visitor.page.locator("#kind").select_option("areas")
    visitor.page.locator("#file").set_input_files(file)
    visitor.page.locator("form[enctype] button[type=submit]").click()
    visitor.page.locator("button[name=skip_errors]").wait_for()
    visitor.look("trial")
    visitor.page.locator("button[name=skip_errors]").click()
    visitor.page.get_by_text("文件已导入" if locale == "zh" else "The file has been imported").wait_for()
    assert re.search(r"1\D+0\D+0\D+1", visitor.page.locator(".tiles").inner_text())
    visitor.look("imported")
    visitor.open("/jobs")
    visitor.look("jobs")
    visitor.open("/areas/330109900")
    assert visitor.page.locator("h1").inner_text() == "新镇"
