"""Words with their names and tones, and how the database keeps them."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from trafficedu.core import bulk
from trafficedu.core.orm import one_of, word
from trafficedu.core.states import Word
from trafficedu.core.text import message


class Light(Word):
    RED = "red", message("rejected"), "problem"
    GREEN = "green", message("confirmed")


class Base(DeclarativeBase):
    pass


class Lamp(Base):
    __tablename__ = "lamp_of_a_test"
    __table_args__ = (one_of("shows", Light), {"prefixes": ["TEMPORARY"]})

    id: Mapped[int] = mapped_column(primary_key=True)
    shows: Mapped[Light | None] = mapped_column(word(Light, 10))


@pytest.fixture
def lamps(session: Session) -> Session:
    Base.metadata.create_all(session.connection(), checkfirst=False)
    return session


def test_a_word_is_its_value_and_brings_name_and_tone() -> None:
    assert Light("red") is Light.RED
    assert (f"{Light.RED}", Light.RED.label, Light.RED.tone) == ("red", message("rejected"), "problem")
    assert Light.GREEN.tone == ""
    assert json.dumps({"light": Light.RED}) == '{"light": "red"}'
    assert {"red": 1}[Light.RED] == 1


def test_a_column_gives_back_the_word_however_it_was_written(lamps: Session) -> None:
    lamps.add(Lamp(id=1, shows=Light.RED))
    lamps.execute(insert(Lamp).values(id=2, shows="green"))
    shown = {3: Light.GREEN, 4: "red", 5: None}
    bulk.load(lamps, Lamp.__table__, ({"id": number, "shows": light} for number, light in shown.items()))
    read = lamps.scalars(select(Lamp.shows).order_by(Lamp.id)).all()
    assert read == [Light.RED, Light.GREEN, Light.GREEN, Light.RED, None]
    assert {type(value) for value in read[:4]} == {Light}
    assert lamps.scalars(select(Lamp.id).where(Lamp.shows == Light.RED).order_by(Lamp.id)).all() == [1, 4]
    assert lamps.scalars(select(Lamp.id).where(Lamp.shows == "mauve")).all() == []


def test_the_database_keeps_no_other_word(lamps: Session) -> None:
    with pytest.raises(IntegrityError, match="shows"):
        lamps.execute(insert(Lamp).values(id=1, shows="mauve"))
