"""Real commits from many threads: every wrong attempt counts, also the first ones of a key at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask

from trafficedu.core import throttle
from trafficedu.core.clock import utc_now
from trafficedu.core.database import database
from trafficedu.core.transactions import WRITES

THREADS = 8
LIMIT = throttle.Limit(THREADS, timedelta(minutes=5))


def test_first_failures_at_the_same_moment_all_count(fresh_app: Flask) -> None:
    start, now = threading.Barrier(THREADS), utc_now()

    def one(_number: int) -> None:
        with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
            start.wait()
            throttle.count(session, "key", LIMIT, now)
            session.commit()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(THREADS)))
    with fresh_app.app_context(), database().sessionmaker(info=WRITES) as session:
        assert throttle.locked_until(session, "key", LIMIT, now) == now + LIMIT.window
        assert throttle.locked_until(session, "key", LIMIT, now + LIMIT.window) is None
        more = throttle.Limit(THREADS + 1, LIMIT.window)
        assert throttle.locked_until(session, "key", more, now) is None
