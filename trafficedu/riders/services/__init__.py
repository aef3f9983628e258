"""Use cases that change riders, their plates and engagements; one module for each of these."""

from __future__ import annotations

from trafficedu.riders.services.engagements import (
    EngagementChange,
    NewEngagement,
    already_engaged,
    change_engagement,
    check_engagement,
    engage,
)
from trafficedu.riders.services.keys import reencrypt, reencrypt_some
from trafficedu.riders.services.people import (
    ClearRider,
    NewRider,
    Registered,
    RiderChange,
    check_name,
    clean,
    find_or_register,
    open_rider,
    register,
    search,
    unmask,
    update_rider,
)
from trafficedu.riders.services.plates import forget_plate, remember_plate

__all__ = [
    "ClearRider",
    "EngagementChange",
    "NewEngagement",
    "NewRider",
    "Registered",
    "RiderChange",
    "already_engaged",
    "change_engagement",
    "check_engagement",
    "check_name",
    "clean",
    "engage",
    "find_or_register",
    "forget_plate",
    "open_rider",
    "reencrypt",
    "reencrypt_some",
    "register",
    "remember_plate",
    "search",
    "unmask",
    "update_rider",
]
