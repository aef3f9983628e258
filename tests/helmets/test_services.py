from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories.helmets import NOON, NOW, RECORDER, make_site, make_survey, tree
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.errors import Denied, Missing, Refusal, Stale
from trafficedu.core.month import Month
from trafficedu.helmets import rules
from trafficedu.helmets.models import HelmetSite, HelmetSurvey
from trafficedu.helmets.queries.sites import find_draw, find_site, list_draw_lines
from trafficedu.helmets.services.places import DrawInput, SiteChange, SiteInput, create_draw, create_site, update_site
from trafficedu.helmets.services.surveys import Counted, NewSurvey, add_survey, void

MakeUser = Callable[..., User]


def test_a_survey_arrives_once_under_its_reference(session: Session) -> None:
    site = make_site(session, tree(session)["A1"])
    new = NewSurvey("V-1", site.code, NOON, 30, "video", [Counted("other", "rider", 10, 2, 1)])
    first = add_survey(session, new, RECORDER, NOW)
    assert add_survey(session, new, RECORDER, NOW) is first
    assert session.scalar(select(func.count()).select_from(HelmetSurvey)) == 1


def test_nobody_counted_or_a_time_to_come_is_refused(session: Session) -> None:
    site = make_site(session, tree(session)["A1"])
    with pytest.raises(Refusal, match="at least one"):
        add_survey(session, NewSurvey("V-1", site.code, NOON, 30, "video", [Counted("other", "rider")]), RECORDER, NOW)
    late = NewSurvey("V-1", site.code, NOW + timedelta(hours=1), 30, "video", [Counted("other", "rider", 1)])
    with pytest.raises(Refusal, match="future"):
        add_survey(session, late, RECORDER, NOW)


def test_voiding_needs_the_permission_and_the_version_read(session: Session, make_user: MakeUser) -> None:
    places = tree(session)
    survey = make_survey(session, make_site(session, places["A1"]), 5, 5)
    supervisor = actor_of(make_user("supervisor", area_id=places["A"].id))
    with pytest.raises(Denied):
        void(session, survey, "wrong", survey.version, actor_of(make_user("officer", area_id=places["A"].id)), NOW)
    with pytest.raises(Stale):
        void(session, survey, "wrong", survey.version + 1, supervisor, NOW)
    void(session, survey, "wrong", survey.version, supervisor, NOW)
    with pytest.raises(Refusal, match="already"):
        void(session, survey, "wrong", survey.version, supervisor, NOW)


def test_sites_are_kept_within_the_own_area(session: Session, make_user: MakeUser) -> None:
    places = tree(session)
    supervisor = actor_of(make_user("supervisor", area_id=places["A"].id))
    site = create_site(session, SiteInput("K1", SiteChange("路口", places["A1"].code, "branch")), supervisor)
    with pytest.raises(Refusal) as outside:
        update_site(session, site, SiteChange("路口", places["B1"].code, "branch"), site.version, supervisor)
    assert outside.value.field == "area_code"
    with pytest.raises(Refusal) as half:
        update_site(session, site, SiteChange("路口", places["A1"].code, "branch", 30.1), site.version, supervisor)
    assert half.value.field == "longitude"
    with pytest.raises(Stale):
        update_site(session, site, SiteChange("新", places["A1"].code, "branch"), site.version - 1, supervisor)
    other = actor_of(make_user("supervisor", area_id=places["B"].id))
    with pytest.raises(Missing):
        find_site(session, "K1", other)
    with pytest.raises(Refusal) as taken:
        create_site(session, SiteInput("K1", SiteChange("路口", places["B1"].code, "branch")), other)
    assert taken.value.field == "code"


def test_a_plan_is_drawn_from_active_sites_below_the_area_and_can_be_repeated(
    session: Session, make_user: MakeUser
) -> None:
    places = tree(session)
    for number in range(6):
        make_site(session, places["A1"], f"A-{number}", "arterial" if number < 4 else "branch")
    make_site(session, places["B1"], "B-1")
    session.scalars(select(HelmetSite).where(HelmetSite.code == "A-0")).one().active = False
    supervisor = actor_of(make_user("supervisor", area_id=places["A"].id))
    wanted = DrawInput(places["A"].code, Month(2026, 4), 3, "road_class", "lottery 2026-04")
    drawn = create_draw(session, wanted, supervisor, NOW)
    assert drawn.month == Month(2026, 4)
    assert {name: len(codes) for name, codes in drawn.drawn.items()} == {"arterial": 2, "branch": 1}
    assert sorted(code for codes in drawn.frame.values() for code in codes) == ["A-1", "A-2", "A-3", "A-4", "A-5"]
    session.expire_all()
    assert rules.draw(drawn.frame, drawn.sites, drawn.seed) == drawn.drawn
    assert create_draw(session, wanted, supervisor, NOW).drawn == drawn.drawn
    assert create_draw(session, DrawInput(places["A"].code, Month.of(NOW), 2, "none"), supervisor, NOW).seed
    with pytest.raises(Refusal) as too_many:
        create_draw(session, DrawInput(places["A"].code, Month.of(NOW), 6, "none"), supervisor, NOW)
    assert too_many.value.field == "sites"
    other = actor_of(make_user("supervisor", area_id=places["B"].id))
    with pytest.raises(Missing):
        find_draw(session, drawn.number, other)
    with pytest.raises(Refusal) as outside:
        create_draw(session, wanted, other, NOW)
    assert outside.value.field == "area_code"


def test_a_plan_says_which_of_its_sites_were_counted_in_its_month(session: Session, make_user: MakeUser) -> None:
    places = tree(session)
    sites = [make_site(session, places["A1"], f"P-{number}") for number in range(2)]
    supervisor = actor_of(make_user("supervisor", area_id=places["A"].id))
    drawn = create_draw(session, DrawInput(places["A"].code, Month.of(NOON), 2, "town"), supervisor, NOW)
    make_survey(session, sites[0], 9, 1)
    make_survey(session, sites[1], 9, 1, when=NOON - timedelta(days=40))
    lines = {line.code: line.surveys for line in list_draw_lines(session, drawn)}
    assert lines == {"P-0": 1, "P-1": 0}
