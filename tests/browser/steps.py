"""Steps that several stories of the browser take: what the page says by now, and what the server has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from trafficedu.core.transactions import WRITES


@contextmanager
def writing(app: Flask) -> Iterator[Session]:
    """Write what a story begins with, or read what it left; committed at the end."""
    with app.app_context(), app.extensions["sqlalchemy"].sessionmaker(info=WRITES) as session:
        yield session
        session.commit()


def ready(page: Page) -> None:
    """Wait until the page can keep what is entered on the phone."""
    page.locator("html[data-kerb=ready]").wait_for()


def kept(page: Page, copy: str) -> None:
    """Wait until the phone has the ``copy`` of a page that opens without a network."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    while not page.evaluate("async (copy) => Boolean(await caches.match(copy))", copy):
        page.wait_for_timeout(50)


def state(page: Page, name: str) -> None:
    """Wait until what waits on the phone stands so: waiting, sent, refused."""
    expect(page.locator("[data-waiting]")).to_have_attribute("data-state", name, timeout=30_000)
