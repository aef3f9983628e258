"""Notices to companies and villages, and what these answered, in time, late or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from trafficedu.core.clock import local_date
from trafficedu.demo.names import INVENTED
from trafficedu.demo.offences import TOLD_LATELY, Offence
from trafficedu.demo.people import Person
from trafficedu.demo.plan import DAY, HOUR, MINUTE, date_of, moment
from trafficedu.demo.rows import Teller, World
from trafficedu.feedback.models import Feedback, Notice
from trafficedu.feedback.queries import policy
from trafficedu.feedback.rules.notices import HeldReason, NoticeState, urgency
from trafficedu.feedback.rules.policy import Measure, MeasureKind, Receiver, recommend

VILLAGES_ANSWER = 0.83
LATE = 0.11
TOLD_ANEW_AFTER_DAYS = 45
"""The largest company has answered whatever is older; its contact's list shows the present, not the past."""
LARGEST = 0


class Notices(Teller):
    """Writes the notice of each violation that counts, with its answer."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._hours = self._figure("feedback.due_hours")
        self._given_up = self._figure("feedback.close_days") * DAY
        today = local_date(moment(world.span.now))
        self._steps = {kind: policy.steps_on(world.session, kind, today) for kind in Receiver}
        self.unanswered: Counter[int] = Counter()
        """Village (place in the list) -> its unanswered notices that are not yet a month old."""

    def queue(self, offence: Offence, person: Person, days: Sequence[int], now: int) -> None:
        """Send or hold the notice of a violation that counts from ``now`` on; ``days`` are the rider's violations."""
        company = offence.firm is not None
        ready = bool(offence.basis) if company else person.home is not None
        state = NoticeState.VOIDED if offence.voided_at else NoticeState.SENT if ready else NoticeState.HELD
        due = now + self._hours * HOUR
        answered = self._answered(offence, person, now, due) if ready else None
        if offence.voided_at and answered is not None and answered > offence.voided_at:
            answered = None
        closed = self._closed(due) if ready and answered is None and not offence.voided_at else None
        held = HeldReason.NO_LEGAL_BASIS if company else HeldReason.NO_HOME_VILLAGE
        opened = answered - self._chance.randrange(3 * MINUTE, 3 * HOUR) if answered else self._glance(now)
        notice = self._rows.add(
            Notice,
            violation_id=offence.id,
            rider_id=person.id,
            receiver_kind=Receiver.COMPANY if company else Receiver.VILLAGE,
            company_id=None if offence.firm is None else self._places.firms[offence.firm].company.id,
            area_id=None if company or person.home is None else self._places.villages[person.home].id,
            urgency=_urgency(state, due if ready else None, answered or closed, offence.id),
            state=state,
            held_reason=held if state == NoticeState.HELD else HeldReason.NONE,
            sent_utc=now if ready else None,
            due_utc=due if ready else None,
            violation_area_id=offence.area,
            counted_area_id=offence.area if company or person.home is None else self._places.villages[person.home].id,
            answered_utc=answered,
            opened_utc=max(now, opened) if ready and opened else None,
            closed_utc=closed,
            voided_utc=offence.voided_at,
            paper_due=ready and now > self._span.midnight - TOLD_LATELY * DAY,
        )
        if answered is not None:
            self._answer(notice, offence, person, days, answered)
        elif (
            state == NoticeState.SENT
            and not company
            and person.home is not None
            and now > self._span.midnight - 30 * DAY
        ):
            self.unanswered[person.home] += 1

    def _closed(self, due: int) -> int | None:
        """Return when nobody expected an answer any more, if that was by midnight."""
        given_up = due + self._given_up
        return given_up if given_up < self._span.midnight else None

    def _answered(self, offence: Offence, person: Person, sent: int, due: int) -> int | None:
        """Return when the receiver answered, or None where that did not happen by midnight."""
        chance = self._chance
        diligence = VILLAGES_ANSWER if offence.firm is None else self._places.firms[offence.firm].punctuality
        learning = (sent / DAY - self._span.first_day) / (self._span.today - self._span.first_day + 1)
        ever = chance.random() < diligence * (0.9 + 0.12 * learning)
        late = chance.random() < LATE
        delay = int(HOUR * min(self._hours - 1, 0.4 + chance.lognormvariate(2.7, 0.8)))
        when = due + int(chance.expovariate(1 / (2 * DAY))) if late else sent + delay
        if offence.firm == LARGEST and sent < self._span.midnight - TOLD_ANEW_AFTER_DAYS * DAY:
            ever = True
        return when if ever and when < self._span.midnight else None

    def _glance(self, sent: int) -> int | None:
        """Return when somebody opened a notice that nobody answered, if that happened."""
        opened = sent + self._chance.randrange(10 * MINUTE, 2 * DAY)
        return opened if self._chance.random() < 0.4 and opened < self._span.midnight else None

    def _answer(self, notice: int, offence: Offence, person: Person, days: Sequence[int], when: int) -> None:
        kind = Receiver.VILLAGE if offence.firm is None else Receiver.COMPANY
        measure = self._measure(kind, days, offence.day)
        if offence.firm is not None:
            by = self._places.firms[offence.firm].contact
        else:
            by = None if person.home is None else self._places.towns[self._places.villages[person.home].town].leader
        self._rows.add(
            Feedback,
            notice_id=notice,
            measure=measure.code,
            days=measure.days,
            text=self._chance.choice(INVENTED["answers"][measure.code]),
            answered_utc=when,
            answered_by_id=by,
        )

    def _measure(self, kind: Receiver, days: Sequence[int], day: int) -> Measure:
        """Return what the policy recommends, most of the time; now and then something else the receiver can do."""
        drawn = self._chance.random()
        if drawn > 0.97:
            return Measure(MeasureKind.OTHER)
        if drawn > 0.85:
            return Measure(MeasureKind.HOME_VISIT if kind == Receiver.VILLAGE else MeasureKind.CRITICISED)
        recommended = recommend(self._steps[kind], [date_of(seen) for seen in days], date_of(day)).measure
        return recommended or Measure(MeasureKind.CRITICISED)


def _urgency(state: NoticeState, due: int | None, ended: int | None, violation_id: int) -> int:
    return urgency(state, moment(due) if due else None, moment(ended) if ended else None, violation_id)
