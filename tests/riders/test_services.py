from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.factories.events import published
from tests.factories.riders import area_actor, make_area, make_company, make_identity, make_rider
from tests.factories.services import provide
from trafficedu.accounts.models import User
from trafficedu.accounts.queries import actor_of
from trafficedu.core.actors import SYSTEM
from trafficedu.core.audit import AuditEntry
from trafficedu.core.clock import today, utc_now
from trafficedu.core.encryption import Keyring
from trafficedu.core.errors import Denied, Missing, Refusal, Stale
from trafficedu.riders.events import HomeVillageRecorded, LegalBasisRecorded
from trafficedu.riders.models import Engagement, Rider
from trafficedu.riders.queries import engagements as engagement_queries
from trafficedu.riders.queries import people as queries
from trafficedu.riders.queries.plates import uses_of_rider
from trafficedu.riders.rules import IdType
from trafficedu.riders.services import engagements, people, plates
from trafficedu.riders.services import keys as key_services
from trafficedu.riders.services.engagements import EngagementChange, NewEngagement
from trafficedu.riders.services.people import NewRider
from trafficedu.riders.services.plates import Seen, UseChange

NOW = utc_now()


def audit_of(session: Session, action: str) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))


def change_of(session: Session, rider: Rider, **values: object) -> NewRider:
    """What an edit form sends when nothing is touched, but for ``values``."""
    shown = queries.describe(session, rider)
    given = {
        "id_type": rider.id_type,
        "id_number": shown.id_masked,
        "name": rider.name,
        "phone": shown.phone_masked,
        "home_area_id": rider.home_area_id,
        "birth_date": rider.birth_date,
        **values,
    }
    return NewRider(**given)  # type: ignore[arg-type]


def test_number_and_phone_lie_encrypted_in_the_database(session: Session) -> None:
    number = make_identity()
    rider = make_rider(session, id_number=number, phone="138 0013 8000")
    raw = session.execute(text("SELECT * FROM rider WHERE id = :id"), {"id": rider.id}).mappings().one()
    stored = " ".join(str(value) for value in raw.values())
    assert number not in stored
    assert "13800138000" not in stored
    assert queries.id_number_of(session, rider) == number
    assert queries.phone_of(session, rider) == "13800138000"
    assert queries.last_four(session, rider) == number[-4:]


def test_the_same_document_written_differently_is_the_same_rider(session: Session) -> None:
    number = "11010519491231002X"
    rider = make_rider(session, id_number=number)
    again = people.register(session, NewRider(IdType.IDENTITY_CARD, " 110105-19491231 002x", "测试骑手"), SYSTEM, NOW)
    assert (again.rider.id, again.is_new) == (rider.id, False)
    assert rider.birth_date == date(1949, 12, 31)
    as_permit = people.register(session, NewRider(IdType.RESIDENCE_PERMIT, number, "测试骑手"), SYSTEM, NOW)
    assert not as_permit.is_new


def test_the_same_digits_on_another_kind_of_document_are_another_rider(session: Session) -> None:
    one = make_rider(session, id_type=IdType.PASSPORT, id_number="12345678")
    two = make_rider(session, id_type=IdType.RESIDENCE_PERMIT, id_number="12345678")
    assert one.id != two.id


def test_finding_fills_gaps_but_overwrites_nothing(session: Session) -> None:
    village = make_area(session, "甲村")
    number = make_identity()
    rider = make_rider(session, id_number=number)
    heard = published(session, HomeVillageRecorded)
    people.find_or_register(
        session, NewRider(IdType.IDENTITY_CARD, number, "测试骑手", "13800138000", village.id), SYSTEM, NOW
    )
    assert (queries.phone_of(session, rider), rider.home_area_id) == ("13800138000", village.id)
    people.find_or_register(session, NewRider(IdType.IDENTITY_CARD, number, "", "13900139000"), SYSTEM, NOW)
    assert queries.phone_of(session, rider) == "13800138000"
    assert heard == [HomeVillageRecorded(NOW, SYSTEM, rider.id)]


def test_a_document_of_somebody_with_another_name_is_refused(session: Session) -> None:
    number = make_identity()
    make_rider(session, id_number=number, name="张小明")
    with pytest.raises(Refusal) as refused:
        people.find_or_register(session, NewRider(IdType.IDENTITY_CARD, number, "王五"), SYSTEM, NOW)
    assert refused.value.field == "name"
    assert "张小明" not in str(refused.value.text)
    assert (
        people.find_or_register(session, NewRider(IdType.IDENTITY_CARD, number, "张*明"), SYSTEM, NOW).name == "张小明"
    )


def test_a_new_rider_needs_a_name(session: Session) -> None:
    with pytest.raises(Refusal) as refused:
        people.register(session, NewRider(IdType.IDENTITY_CARD, make_identity(), " "), SYSTEM, NOW)
    assert refused.value.field == "name"


def test_a_masked_cell_changes_nothing(session: Session) -> None:
    rider = make_rider(session, phone="13800138000")
    before = (rider.id_number_cipher, rider.phone_cipher)
    people.update_rider(
        session, rider, change_of(session, rider, name="改名"), rider.version, SYSTEM, NOW, renaming="misspelt"
    )
    assert (rider.id_number_cipher, rider.phone_cipher) == before
    assert rider.name == "改名"
    assert audit_of(session, "riders:rider:update")[-1].detail == {"fields": ["name"], "renaming": "misspelt"}


def test_a_known_document_is_not_renamed_by_the_way(session: Session) -> None:
    rider = make_rider(session, name="欧阳·娜娜")
    cases: list[tuple[dict[str, str], str, str]] = [
        ({"name": "王五"}, "", "renaming"),
        ({"name": "王五", "id_number": make_identity()}, "renamed", "name"),
    ]
    for given, reason, field in cases:
        change = change_of(session, rider, **given)
        with pytest.raises(Refusal) as refused, session.begin_nested():
            people.update_rider(session, rider, change, rider.version, SYSTEM, NOW, renaming=reason)
        session.expire_all()
        assert (refused.value.field, rider.name) == (field, "欧阳·娜娜")
    people.update_rider(session, rider, change_of(session, rider, name="欧阳娜娜"), rider.version, SYSTEM, NOW)
    assert rider.name == "欧阳娜娜", "blanks and dots make no other name"


def test_an_emptied_phone_is_removed(session: Session) -> None:
    rider = make_rider(session, phone="13800138000")
    people.update_rider(session, rider, change_of(session, rider, phone=""), rider.version, SYSTEM, NOW)
    assert (rider.phone_cipher, rider.phone_hash) == (None, None)


def test_a_corrected_number_is_found_and_the_wrong_one_no_more(session: Session) -> None:
    wrong, right = make_identity(), make_identity(date(1985, 2, 3))
    rider = make_rider(session, id_number=wrong)
    people.update_rider(session, rider, change_of(session, rider, id_number=right), rider.version, SYSTEM, NOW)
    assert queries.find_by_identity_key(session, wrong) is None
    assert queries.find_by_identity_key(session, right) is rider
    assert rider.birth_date == date(1985, 2, 3)


def test_a_number_of_somebody_else_is_refused(session: Session) -> None:
    taken = make_identity()
    make_rider(session, id_number=taken)
    rider = make_rider(session)
    with pytest.raises(Refusal) as refused:
        people.update_rider(session, rider, change_of(session, rider, id_number=taken), rider.version, SYSTEM, NOW)
    assert refused.value.field == "id_number"


def test_the_second_editor_is_told(session: Session) -> None:
    rider = make_rider(session)
    seen = rider.version
    people.update_rider(session, rider, change_of(session, rider, phone="13800138000"), seen, SYSTEM, NOW)
    with pytest.raises(Stale):
        people.update_rider(session, rider, change_of(session, rider, phone=""), seen, SYSTEM, NOW)


def test_a_village_newly_recorded_is_published_once(session: Session) -> None:
    village = make_area(session, "甲村")
    rider = make_rider(session)
    heard = published(session, HomeVillageRecorded)
    people.update_rider(session, rider, change_of(session, rider, home_area_id=village.id), rider.version, SYSTEM, NOW)
    people.update_rider(session, rider, change_of(session, rider, phone="13800138000"), rider.version, SYSTEM, NOW)
    assert heard == [HomeVillageRecorded(NOW, SYSTEM, rider.id)]


def test_unmasking_needs_permission_and_purpose_and_is_audited(session: Session) -> None:
    village = make_area(session, "甲村")
    number = make_identity()
    rider = make_rider(session, id_number=number, phone="13800138000")
    allowed = area_actor(village, None, "riders:identity:unmask")
    with pytest.raises(Denied):
        people.unmask(session, rider, "contact", area_actor(village))
    with pytest.raises(Refusal):
        people.unmask(session, rider, "curiosity", allowed)
    assert audit_of(session, "riders:identity:unmask") == []
    shown = people.unmask(session, rider, "contact", allowed)
    assert (shown.id_number, shown.phone) == (number, "13800138000")
    [row] = audit_of(session, "riders:identity:unmask")
    assert (row.subject_id, row.detail) == (rider.id, {"purpose": "contact"})


def test_the_audit_trail_holds_no_personal_data(session: Session, make_user: Callable[..., User]) -> None:
    village = make_area(session, "甲村")
    officer = actor_of(make_user("officer", area_id=village.id))
    number, name, phone, plate = make_identity(), "诸葛不亮", "13712345678", "杭州A98765"
    rider = people.find_or_register(session, NewRider(IdType.IDENTITY_CARD, number, name, phone), officer, NOW)
    plates.note(session, Seen(plate, rider, today()), officer)
    for words in (number, name, phone, plate):
        people.search(session, words, officer, today())
    people.unmask(session, rider, "request", officer)
    [use] = uses_of_rider(session, rider.id)
    plates.change_use(session, use, UseChange(today(), confirmed=True, reason="已过户"), use.version, officer, today())
    people.update_rider(session, rider, change_of(session, rider, phone="13812345678"), rider.version, officer, NOW)
    rows = session.execute(text("SELECT action, detail FROM audit_entry WHERE actor_id = :id"), {"id": officer.user_id})
    written = " ".join(f"{row.action} {row.detail}" for row in rows)
    assert "riders:rider:search" in written
    for secret in (number, number[-4:], name, phone, plate, "13812345678"):
        assert secret not in written


@pytest.mark.parametrize(
    ("spans", "day", "engaging"),
    [
        ([("A", 1, None), ("B", 10, None)], 5, "A"),
        ([("A", 1, None), ("B", 10, None)], 10, "AB"),
        ([("A", 1, None), ("B", 10, 20)], 21, "A"),
        ([("B", 10, 20), ("A", 1, 15)], 12, "AB"),
        ([("A", 10, 20)], 20, "A"),
        ([("A", 10, 20)], 9, ""),
        ([("A", 10, 20)], 21, ""),
    ],
    ids=["one", "two", "one ended", "order of entry", "last day", "before", "after"],
)
def test_who_answers_for_a_rider_on_a_day(
    session: Session, spans: list[tuple[str, int, int | None]], day: int, engaging: str
) -> None:
    companies = {name: make_company(session) for name in "ABC"}
    rider, month = make_rider(session), date(2026, 3, 1)
    for name, first, last in spans:
        until = None if last is None else month.replace(day=last)
        work = NewEngagement(companies[name].id, month.replace(day=first), until, "contract" if name == "A" else None)
        engagements.engage(session, rider, work, SYSTEM, NOW)

    def answers(named: str = "") -> tuple[str, int | None]:
        named_id = companies[named].id if named else None
        found = engagement_queries.responsible(session, rider.id, month.replace(day=day), named_id)
        return found.known, found.company_id

    own = [companies[name].id for name in engaging]
    alone = {0: ("nobody", None), 1: ("engaged", own[0] if own else None), 2: ("ambiguous", None)}
    assert answers() == alone[len(engaging)]
    for name, company in companies.items():
        assert answers(name) == (("engaged", company.id) if name in engaging else ("named", None))
        basis = engagement_queries.legal_basis_of(session, rider.id, company.id, month.replace(day=day))
        assert basis == ("contract" if name == "A" and "A" in engaging else None)
    listed = engagement_queries.list_on(session, rider.id, month.replace(day=day))
    assert {engagement.company_id for engagement in listed} == set(own)


def test_one_company_engages_a_rider_once_at_a_time(session: Session) -> None:
    company, rider = make_company(session), make_rider(session)
    engagement = engagements.engage(session, rider, NewEngagement(company.id, date(2026, 1, 1)), SYSTEM, NOW)
    with pytest.raises(Refusal) as refused:
        engagements.engage(session, rider, NewEngagement(company.id, date(2026, 2, 1)), SYSTEM, NOW)
    assert refused.value.field == "engaged_from"
    change = EngagementChange(date(2026, 1, 1), date(2026, 1, 31), None)
    engagements.change_engagement(session, engagement, change, engagement.version, SYSTEM, NOW)
    engagements.engage(session, rider, NewEngagement(company.id, date(2026, 2, 1)), SYSTEM, NOW)
    reopened = EngagementChange(date(2026, 1, 1), None, None)
    with pytest.raises(Refusal):
        engagements.change_engagement(session, engagement, reopened, engagement.version, SYSTEM, NOW)


@pytest.mark.parametrize(
    ("first", "last", "basis", "field"),
    [
        (date(2026, 2, 1), date(2026, 1, 31), None, "engaged_to"),
        (date(26, 2, 1), None, None, "engaged_from"),
        (date(2026, 2, 1), None, "gossip", "legal_basis"),
    ],
)
def test_an_engagement_that_cannot_be_is_refused(
    session: Session, first: date, last: date | None, basis: str | None, field: str
) -> None:
    company, rider = make_company(session), make_rider(session)
    with pytest.raises(Refusal) as refused:
        engagements.engage(session, rider, NewEngagement(company.id, first, last, basis), SYSTEM, NOW)
    assert refused.value.field == field
    assert session.scalar(select(func.count()).select_from(Engagement)) == 0


def test_a_closed_company_engages_nobody(session: Session) -> None:
    company, rider = make_company(session, active=False), make_rider(session)
    with pytest.raises(Refusal) as refused:
        engagements.engage(session, rider, NewEngagement(company.id, date(2026, 2, 1)), SYSTEM, NOW)
    assert refused.value.field == "company_id"


def test_a_legal_basis_is_published_when_it_comes_or_changes(session: Session) -> None:
    company, other, rider = make_company(session), make_company(session), make_rider(session)
    heard = published(session, LegalBasisRecorded)
    without = engagements.engage(session, rider, NewEngagement(company.id, date(2026, 1, 1)), SYSTEM, NOW)
    assert heard == []
    given = engagements.engage(session, rider, NewEngagement(other.id, date(2026, 1, 1), None, "consent"), SYSTEM, NOW)
    assert heard == [LegalBasisRecorded(NOW, SYSTEM, given.id)]
    for basis in ("contract", "contract", None):
        change = EngagementChange(without.engaged_from, None, basis)
        engagements.change_engagement(session, without, change, without.version, SYSTEM, NOW)
    assert heard[1:] == [LegalBasisRecorded(NOW, SYSTEM, without.id)]


def test_search_finds_documents_phones_and_plates_anywhere_but_names_at_home_only(
    session: Session, make_user: Callable[..., User]
) -> None:
    here, there = make_area(session, "甲村"), make_area(session, "乙村")
    officer = actor_of(make_user("officer", area_id=here.id))
    number = make_identity()
    near = make_rider(session, name="欧阳近", home_area_id=here.id)
    far = make_rider(session, name="欧阳远", id_number=number, phone="13800138000", home_area_id=there.id)
    plates.note(session, Seen("杭州A12345", far, today()), SYSTEM)
    assert people.search(session, "欧阳", officer, today()).items == [near]
    with pytest.raises(Missing):
        queries.find_rider(session, far.number, officer, utc_now())
    assert queries.list_recent(session, officer) == [near]
    for words in (number.lower(), "+86 138-0013-8000", "杭州·A12345"):
        assert people.search(session, words, officer, today()).items == [far]
    assert queries.find_rider(session, far.number, officer, utc_now()) is far
    assert people.search(session, "欧阳", officer, today()).items == [near]
    assert people.search(session, "没有此人", officer, today()).items == []


def test_a_rider_found_by_document_is_open_to_the_finder_for_a_shift_only(
    session: Session, make_user: Callable[..., User]
) -> None:
    here, there = make_area(session, "甲村"), make_area(session, "乙村")
    finder, colleague = (actor_of(make_user("officer", area_id=here.id)) for _ in range(2))
    far = make_rider(session, home_area_id=there.id)
    people.open_rider(session, far, finder, "document")
    [row] = audit_of(session, queries.OPENED)
    seen = select(Rider.id)
    assert session.scalars(seen.where(queries.visible_to(finder, row.at_utc + timedelta(hours=11)))).all() == [far.id]
    assert session.scalars(seen.where(queries.visible_to(finder, row.at_utc + timedelta(hours=13)))).all() == []
    assert session.scalars(seen.where(queries.visible_to(colleague, row.at_utc))).all() == []


def test_companies_see_riders_on_the_days_they_engage_them_and_stations_none(
    session: Session, make_user: Callable[..., User]
) -> None:
    company, second, other, rider = (*(make_company(session) for _ in range(3)), make_rider(session))
    for engaging, last in ((company, None), (second, today())):
        work = NewEngagement(engaging.id, today() - timedelta(days=9), last)
        engagements.engage(session, rider, work, SYSTEM, NOW)

    def seen(of: str, when: datetime, **post: int) -> bool:
        by = actor_of(make_user(of, **post))
        assert queries.list_by_name(session, rider.name, by).items == []
        return queries.find_rider_if_seen(session, rider.number, by, when) is not None

    now, tomorrow, before = utc_now(), utc_now() + timedelta(days=1), utc_now() - timedelta(days=10)
    assert [seen("company", day, company_id=company.id) for day in (before, now, tomorrow)] == [False, True, True]
    assert [seen("company", day, company_id=second.id) for day in (before, now, tomorrow)] == [False, True, False]
    assert not seen("company", now, company_id=other.id)
    assert not seen("station", now)


def keys(*names: str) -> Keyring:
    return Keyring({name: bytes([ord(name[-1])]) * 32 for name in names})


def test_riders_of_an_older_key_are_found_and_brought_under_the_new_one(session: Session) -> None:
    number = make_identity()
    provide(session, keyring=keys("k1"))
    rider = make_rider(session, id_number=number, phone="13800138000")
    make_rider(session)
    provide(session, keyring=keys("k2", "k1"))
    assert queries.find_by_identity_key(session, number) is rider
    assert not people.register(session, NewRider(IdType.IDENTITY_CARD, number, "测试骑手"), SYSTEM, NOW).is_new
    assert [key_services.reencrypt(session, NOW, 1) for _ in range(3)] == [1, 1, 0]
    provide(session, keyring=keys("k2"))
    assert queries.find_by_identity_key(session, number) is rider
    assert queries.phone_of(session, rider) == "13800138000"
    assert list(queries.list_exact(session, "13800138000", today())) == [rider]


def test_a_home_that_is_no_area_is_refused(session: Session) -> None:
    nowhere = NewRider(IdType.IDENTITY_CARD, make_identity(), "张小明", home_area_id=999_999_999)
    with pytest.raises(Refusal) as refused:
        people.register(session, nowhere, SYSTEM, NOW)
    assert refused.value.field == "home_area_id"
    assert str(refused.value.text) == "Enter the name or code of the home village."
