"""Real commits from many threads: every wrong attempt counts, also the first ones of a key at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from trafficedu.core import throttle
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.numbers import new_number
from trafficedu.core.transactions import WRITES, writing
from trafficedu.core.waiting import WaitingLine
from trafficedu.public.services import PER_NUMBER, ReceiptKey, TooMany, open_receipt

THREADS = 8
LIMIT = throttle.Limit(THREADS, timedelta(minutes=5))


def test_first_failures_at_the_same_moment_all_count(fresh_app: Flask) -> None:
    start, now = threading.Barrier(THREADS), utc_now()

    def one(_number: int) -> None:
        with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
            start.wait()
            throttle.count(session, [("key", LIMIT)], now)
            session.commit()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(THREADS)))
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        assert throttle.locked_until(session, [("key", LIMIT)], now) == now + LIMIT.window
        assert throttle.locked_until(session, [("key", LIMIT)], now + LIMIT.window) is None
        more = throttle.Limit(THREADS + 1, LIMIT.window)
        assert throttle.locked_until(session, [("key", more)], now) is None


def test_forgetting_what_is_over_waits_for_nobody_who_counts(fresh_app: Flask, database_kind: str) -> None:
    """They count under one key and then another, and would wait for each other."""
    if database_kind == "sqlite":
        pytest.skip("SQLite has one writer")
    now = utc_now()
    later = now + LIMIT.window
    with fresh_app.app_context():
        opened = database().sessionmaker
        with opened(info=WRITES) as session:
            throttle.count(session, [("held", LIMIT), ("free", LIMIT)], now)
            session.commit()
        with opened(info=WRITES) as counting, opened(info=WRITES) as chore:
            throttle.count(counting, [("held", LIMIT)], later)
            chore.execute(text("SET LOCAL lock_timeout = '5s'"))
            assert throttle.forget_expired(chore, later) == 1
            chore.commit()
            counting.commit()
        with opened(info=WRITES) as session:
            assert throttle.forget_expired(session, later) == 0
            assert throttle.forget_expired(session, later + LIMIT.window) == 1


def test_many_guesses_at_a_receipt_at_once_are_told_no_more_than_one_after_the_other(fresh_app: Flask) -> None:
    """Whether the number exists or not, they wait for each other under it."""
    many, now, number = 4 * PER_NUMBER.failures, utc_now(), new_number("V")
    start, line = threading.Barrier(many), WaitingLine("secret", "receipt", number)

    def is_told(guess: int) -> bool:
        with fresh_app.app_context(), database().sessionmaker() as session:
            start.wait()
            try:
                with writing(session):
                    assert open_receipt(session, ReceiptKey(number, f"{guess:04d}", "203.0.113.9", line), now) is None
            except TooMany:
                return False
            return True

    with ThreadPoolExecutor(many) as threads:
        assert sum(threads.map(is_told, range(many))) == PER_NUMBER.failures
