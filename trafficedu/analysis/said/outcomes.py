"""What may be said of education and what came after it, with its uncertainty, and of signatures beside chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trafficedu.analysis.said.result import Direction, Verdict
from trafficedu.core.text import Message, message

LONGER, EDUCATED = "longer", "educated"
"""What is asked: whether a longer course helps, and whether education does."""


@dataclass(frozen=True)
class Answer:
    """Whether something helps: the sentence, how many it takes, and what a badge may say."""

    verdict: Verdict
    direction: Direction
    sentence: Message
    needed: Message | None = None
    assumption: Message | None = None


def answer(question: str, contrast: Mapping[str, Any], days: int, landmark: int) -> Answer:
    """Say what a standardised difference of risks allows (``outcomes.services.working_out``)."""
    risk, arms = contrast["risk"], contrast["arms"]
    if risk is None:
        counts = {"with_it": arms["with"]["compared"], "without": arms["without"]["compared"]}
        if question == LONGER:
            text = message(
                "It cannot be said: only %(with_it)s riders of longer courses and %(without)s of the basic course have "
                "counterparts with as many former offences, or too few of them offended again.",
                **counts,
            )
        else:
            text = message(
                "It cannot be said: only %(with_it)s riders who had studied after %(landmark)s days and %(without)s "
                "who had not have counterparts with as many former offences, or too few of them offended again.",
                landmark=landmark,
                **counts,
            )
        return Answer(Verdict.NOT_JUDGED, Direction.NEITHER, text)
    settled = risk["low"] > 0 or risk["high"] < 0
    direction = Direction.NEITHER
    if settled:
        direction = Direction.GOOD if risk["high"] < 0 else Direction.BAD
    verdict = Verdict.PROVEN if settled else Verdict.CHANCE
    sentence = _sentence(question, risk, days, landmark, settled)
    return Answer(verdict, direction, sentence, _needed(contrast["needed"]), _assumption(contrast))


def _assumption(contrast: Mapping[str, Any]) -> Message | None:
    """Say what an answer takes for granted where a rule leaves hardly anybody to compare with, or None."""
    if not contrast["assumed"]:
        return None
    return message(
        "The rule that gives the courses leaves hardly any riders with as many offences in both (%(with_it)s and "
        "%(without)s). The answer takes for granted that each further offence raises the hazard by the same factor; "
        "what goes beyond that at the line of the rule is put down to the course.",
        with_it=_whole(contrast["arms"]["with"]["compared"]),
        without=_whole(contrast["arms"]["without"]["compared"]),
    )


def _sentence(question: str, risk: Mapping[str, float], days: int, landmark: int, settled: bool) -> Message:
    values = {
        "with_it": _percent(risk["treated"]),
        "without": _percent(risk["untreated"]),
        "points": _points(abs(risk["difference"])),
        "low": _points(risk["low"]),
        "high": _points(risk["high"]),
        "days": days,
        "verdict": _verdict(risk["difference"], settled),
    }
    if question == LONGER:
        return message(
            "Among riders of the same age, former offences, kind and work, %(with_it)s would offend again within "
            "%(days)s days after a longer course and %(without)s after the basic course: %(verdict)s "
            "(difference 95 %%: %(low)s to %(high)s points).",
            **values,
        )
    return message(
        "Among riders of the same age, former offences, kind and work, %(with_it)s of those who had studied within "
        "%(landmark)s days would offend again in the %(days)s days after that, and %(without)s of those who had not: "
        "%(verdict)s (difference 95 %%: %(low)s to %(high)s points).",
        landmark=landmark,
        **values,
    )


def _verdict(difference: float, settled: bool) -> Message:
    points = _points(abs(difference))
    if not settled:
        return message("the difference of %(points)s points could be chance", points=points)
    if difference < 0:
        return message("%(points)s points fewer, more than chance explains", points=points)
    return message("%(points)s points more, beyond what chance explains", points=points)


def _needed(needed: Mapping[str, float | None]) -> Message:
    """Say how many it takes, through infinity where the limits hold no difference (Altman)."""
    value = needed["value"]
    if needed["least"] is not None and needed["most"] is not None and value is not None:
        counts = {"number": _whole(abs(value)), "least": _whole(needed["least"]), "most": _whole(needed["most"])}
        if value > 0:
            return message(
                "Number needed to educate: %(number)s riders for one who does not offend again (95 %%: %(least)s to "
                "%(most)s).",
                **counts,
            )
        return message(
            "One more rider offends again among %(number)s (95 %%: %(least)s to %(most)s).",
            **counts,
        )
    benefit = _whole(needed["benefit"]) if needed["benefit"] else "∞"
    harm = _whole(needed["harm"]) if needed["harm"] else "∞"
    return message(
        "Number needed to educate: not settled. At best %(benefit)s riders for one who does not offend again; it may "
        "be that no number is enough (∞), and at worst one more offends again among %(harm)s.",
        benefit=benefit,
        harm=harm,
    )


def curves_title(p_value: float | None, days: int) -> Message:
    """Head the curves of courses: whether they differ. Nothing of which course helps: other riders are sent to each."""
    if p_value is None:
        return message("Riders who offended again within %(days)s days after their study", days=days)
    if p_value < 0.05:
        return message("After some courses riders offend again sooner; these riders differ in more than the course")
    return message("Offending again after the courses: the curves could differ by chance")


def standing_word(standing: Mapping[str, float] | None) -> tuple[Verdict, Direction]:
    """Return what a badge says of a group beside what was expected of its riders."""
    if standing is None:
        return Verdict.NOT_JUDGED, Direction.NEITHER
    if standing["p_value"] >= 0.05:
        return Verdict.CHANCE, Direction.NEITHER
    return Verdict.PROVEN, Direction.BAD if standing["ratio"] > 1 else Direction.GOOD


def groups_sentence(differing: int, judged: int) -> Message:
    """Say of a kind of groups how many are further from what was expected than chance explains."""
    if not judged:
        return message("No group is large enough to be judged.")
    if not differing:
        return message("No difference that chance does not explain, in %(judged)s judged.", judged=judged)
    return message(
        "%(differing)s of %(judged)s differ from what was expected by more than chance explains.",
        differing=differing,
        judged=judged,
    )


def signing_sentence(name: Message, cases: int, total: int, expected: float) -> Message:
    """Say that somebody has more of something than chance explains, by the share of the others."""
    return message(
        "%(name)s: %(cases)s of %(total)s, where %(expected)s were to be expected from the others: more than chance "
        "explains.",
        name=name,
        cases=cases,
        total=total,
        expected=f"{expected:.1f}",
    )


def signing_none(signers: int) -> Message:
    """Say that nobody is beyond chance, of how many looked at."""
    if not signers:
        return message("Nothing is on record")
    return message("Nobody of %(signers)s has more than chance explains.", signers=signers)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(difference: float) -> str:
    return f"{100 * difference:.1f}"


def _whole(value: float | None) -> str:
    return f"{round(value):,}" if value is not None else ""
