"""How many riders more than there are seats may be given one, since some do not come. Pure; the rate is handed in."""

from __future__ import annotations

from math import exp, lgamma, log

LEAST_OBSERVED = 100
"""Seats that were met or missed before a rate of those who come says anything."""


def chance_of_too_many(seats: int, booked: int, rate: float) -> float:
    """Return the chance that more of ``booked`` riders come than there are seats.

    The upper tail of a binomial distribution, P(X > seats) for X ~ Bin(booked, rate): riders come or stay away
    independently of each other, which those of one company do not quite; the rate handed in is therefore the upper end
    of an interval.

    Parameters
    ----------
    rate
        The chance that a rider with a seat comes, 0 to 1.
    """
    if booked <= seats or rate <= 0:
        return 0.0
    if rate >= 1:
        return 1.0
    of_all, come, stay = lgamma(booked + 1), log(rate), log(1 - rate)
    terms = (
        exp(of_all - lgamma(count + 1) - lgamma(booked - count + 1) + count * come + (booked - count) * stay)
        for count in range(seats + 1, booked + 1)
    )
    return min(1.0, sum(terms))


def extra_seats(seats: int, rate: float, risk: float) -> int:
    """Return how many seats more may be given so that too many come with a chance of at most ``risk``.

    Never more than there are seats: a rate that small says that something else is wrong.
    """
    if risk <= 0:
        return 0
    extra = 0
    while extra < seats and chance_of_too_many(seats, seats + extra + 1, rate) <= risk:
        extra += 1
    return extra
