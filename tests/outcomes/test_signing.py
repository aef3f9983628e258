"""Whose signatures stand out by more than chance explains."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories.education import District
from tests.outcomes.making import certified, held, studied
from trafficedu.accounts.models import User
from trafficedu.core.month import Month, Period
from trafficedu.outcomes import rules
from trafficedu.outcomes.services.signing import signatures_of

DAY = date(2026, 1, 12)
PERIOD = Period(Month(2026, 1), Month(2026, 2))
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture
def signers(make_user: Callable[..., User], district: District) -> list[User]:
    return [make_user("station", station_id=district.at_a.id) for _ in range(3)]


def standing(found: dict[str, Any], measure: str) -> dict[int, dict[str, Any]]:
    return {row["signer"]: row for row in found["measures"][measure]}


def test_who_always_stops_at_the_minimum_is_named_with_the_sessions(
    session: Session, district: District, signers: list[User]
) -> None:
    numbers = []
    for place, signer in enumerate(signers):
        for day in range(8):
            study = held(session, district, DAY + timedelta(days=day + 9 * place))
            for _ in range(2):
                studied(session, study, district.a, signer=signer, longer=0 if signer is signers[0] else 6)
            numbers += [study.number] if signer is signers[0] else []
    found = standing(signatures_of(session, district.root, PERIOD, NOW), rules.AT_MINIMUM)
    first = found[signers[0].id]
    assert (first["cases"], first["total"], first["expected"], first["beyond"]) == (8, 8, 0.0, True)
    assert first["numbers"] == numbers
    assert not any(found[signer.id]["beyond"] for signer in signers[1:])


def test_exceptions_missing_quizzes_and_revoked_certificates_by_signer(
    session: Session, district: District, signers: list[User]
) -> None:
    study = held(session, district, DAY)
    for signer in signers:
        for place in range(20):
            odd = signer is signers[1] and place < 9
            score, reason = (None, "设备坏了，无法完成测验") if odd else (90, "")
            task = studied(session, study, district.a, signer=signer, score=score, reason=reason)
            certified(session, task, signer, revoked=odd)
    found = signatures_of(session, district.root, PERIOD, NOW)
    for measure in (rules.NO_QUIZ, rules.BY_EXCEPTION, rules.TAKEN_BACK):
        rows = standing(found, measure)
        assert [rows[signer.id]["beyond"] for signer in signers] == [False, True, False], measure
        assert (rows[signers[1].id]["cases"], rows[signers[1].id]["total"]) == (9, 20)
    assert dict(found["riders"]) == {signer.id: 20 for signer in signers}


def test_scores_by_hand_are_held_against_studies_with_a_score(
    session: Session, district: District, signers: list[User]
) -> None:
    study = held(session, district, DAY)
    for signer in signers:
        for place in range(12):
            by_hand = "平板坏了，纸上答题" if signer is signers[2] and place < 8 else ""
            studied(session, study, district.a, signer=signer, by_hand=by_hand)
        studied(session, study, district.a, signer=signer, score=None)
    rows = standing(signatures_of(session, district.root, PERIOD, NOW), rules.BY_HAND)
    assert [(row["cases"], row["total"], row["beyond"]) for row in (rows[signer.id] for signer in signers)] == [
        (0, 12, False),
        (0, 12, False),
        (8, 12, True),
    ]


def test_one_phone_for_many_riders_is_seen(session: Session, district: District, signers: list[User]) -> None:
    study = held(session, district, DAY)
    for place, signer in enumerate(signers):
        for number in range(10):
            phone = "same" if place == 0 and number < 7 else f"{place}-{number}"
            studied(session, study, district.a, signer=signer, phone=phone)
        studied(session, study, district.a, signer=signer)
    rows = standing(signatures_of(session, district.root, PERIOD, NOW), rules.SHARED_PHONE)
    assert [(row["cases"], row["total"], row["beyond"]) for row in (rows[signer.id] for signer in signers)] == [
        (7, 10, True),
        (0, 10, False),
        (0, 10, False),
    ]


def test_alike_signers_are_not_named_and_who_signed_few_is_not_looked_at(
    session: Session, district: District, signers: list[User]
) -> None:
    study = held(session, district, DAY)
    for signer, number in zip(signers, (12, 12, 3), strict=True):
        for place in range(number):
            reason = "设备坏了，无法完成测验" if place % 4 == 0 else ""
            studied(session, study, district.a, signer=signer, reason=reason)
    rows = standing(signatures_of(session, district.root, PERIOD, NOW), rules.BY_EXCEPTION)
    assert set(rows) == {signers[0].id, signers[1].id}
    assert not any(row["beyond"] for row in rows.values())
    assert rows[signers[0].id]["expected"] == pytest.approx(12 * 4 / 15)


def test_only_studies_of_the_area_and_the_months_count(
    session: Session, district: District, signers: list[User]
) -> None:
    study, late = held(session, district, DAY), held(session, district, date(2026, 3, 1))
    studied(session, study, district.c, signer=signers[0])
    studied(session, study, district.a, signer=signers[1])
    studied(session, late, district.a, signer=signers[1])
    assert dict(signatures_of(session, district.other_town, PERIOD, NOW)["riders"]) == {signers[0].id: 1}
    assert dict(signatures_of(session, district.root, PERIOD, NOW)["riders"]) == {signers[0].id: 1, signers[1].id: 1}
