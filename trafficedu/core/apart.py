"""Something done in a process of its own: its memory is given back, and what its libraries began is nobody else's."""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from collections.abc import Callable
from typing import TypeVar, cast

Answer = TypeVar("Answer")


def apart(act: Callable[[], Answer]) -> Answer:
    """Do ``act`` in a child of this process and return what it returned, or raise what it raised."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _answer(act, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if not told:
        raise RuntimeError("the process ended without an answer")
    worked, answer = pickle.loads(told)  # noqa: S301 - written by this program, a moment ago
    if not worked:
        raise answer
    return cast(Answer, answer)


def _answer(act: Callable[[], object], writing: int) -> None:
    """Do it, tell the parent and end, whatever happens: nothing of the parent's may be done twice."""
    try:
        try:
            told = pickle.dumps((True, act()))
        except Exception as error:
            told = pickle.dumps((False, error))
        sys.stdout.flush()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(told)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)
