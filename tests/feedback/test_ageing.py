"""What is unanswered beyond its time: how long, out of how many; the same figure whoever looks at an area."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from tests.factories.feedback import World, acting, make_notice, make_rider
from trafficedu.accounts.models import User
from trafficedu.core.ageing import Ageing
from trafficedu.core.month import Month
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.feedback.queries.ageing import age_late
from trafficedu.feedback.queries.notices import list_unanswered
from trafficedu.feedback.rules.policy import MeasureKind, Receiver

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def sent(notice: Notice, month: int, day: int, answered: bool = False) -> None:
    """Date a notice by hand: it is due three days later."""
    notice.sent_utc = datetime(2026, month, day, 12, tzinfo=UTC)
    notice.due_utc = notice.sent_utc + timedelta(hours=72)
    if answered:
        notice.feedback = Feedback(measure=MeasureKind.CRITICISED, answered_utc=notice.sent_utc)
        notice.answered_utc = notice.sent_utc


def test_everybody_reads_the_same_overdue_answers_of_a_town(
    session: Session, world: World, make_user: Callable[..., User]
) -> None:
    """On 30 November, since September: due on 26 and 29 November within the week, on 6 November and 4 September
    before, one answered on 8 November; on 31 August and 4 July earlier. Not due yet: sent on 29 November."""

    def to_village() -> Notice:
        return make_notice(session, world.village, rider=make_rider(session, world.other_village))

    def to_company() -> Notice:
        return make_notice(session, world.village, company=world.company)

    for month, day in ((11, 26), (11, 23), (11, 3), (9, 1), (8, 28), (7, 1), (11, 29)):
        sent(to_village(), month, day)
    sent(to_village(), 11, 5, answered=True)
    for month, day in ((11, 26), (10, 1)):
        sent(to_company(), month, day)
    session.flush()

    readers = [
        acting(make_user("analyst", area_id=world.district.id)),
        acting(make_user("leader", area_id=world.town.id)),
        acting(make_user("officer", area_id=world.town.id)),
    ]
    kinds = (Receiver.VILLAGE, Receiver.COMPANY)
    for by in readers:
        villages, companies = (age_late(session, by, NOW, world.town.path, kind) for kind in kinds)
        assert villages == Ageing(Month(2026, 9), week=2, older=2, beyond=2, due=5, first=date(2026, 7, 4))
        assert companies == Ageing(Month(2026, 9), week=1, older=1, beyond=0, due=2, first=date(2026, 10, 4))
        assert (villages.recent, villages.total, (villages + companies).recent) == (4, 6, 6)
    leader = readers[1]
    in_time, overdue = list_unanswered(session, leader, NOW, 3)
    assert [notice.due_utc.day for notice in in_time if notice.due_utc] == [2], "sent on 29 November"
    assert [(notice.due_utc.month, notice.due_utc.day) for notice in overdue if notice.due_utc] == [
        (11, 29),
        (11, 26),
        (11, 6),
    ], "the latest first"
    grid = acting(make_user("grid", area_id=world.other_village.id))
    assert age_late(session, grid, NOW, world.other_village.path, Receiver.VILLAGE).recent == 4
