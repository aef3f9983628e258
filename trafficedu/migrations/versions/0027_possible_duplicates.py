"""Two records that may be of one accident are stored as a pair, open until somebody decides on them.

Revision ID: 0027
Revises: 0026
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

MOMENT = trafficedu.core.orm.UTCDateTime(timezone=True)
CLOSE = timedelta(hours=2)
AT_ONCE = 5_000
STANDS = sa.text("state = 'recorded'")
OPEN = sa.text("state = 'open'")
ACCIDENT = sa.table(
    "accident",
    sa.column("id", sa.Integer),
    sa.column("area_id", sa.Integer),
    sa.column("severity", sa.String),
    sa.column("occurred_utc", MOMENT),
    sa.column("state", sa.String),
    sa.column("told_apart", sa.Boolean),
    sa.column("duplicate_of_id", sa.Integer),
)
PAIR = sa.table(
    "accident_pair",
    sa.column("first_id", sa.Integer),
    sa.column("second_id", sa.Integer),
    sa.column("area_id", sa.Integer),
    sa.column("minutes_apart", sa.Integer),
    sa.column("last_utc", MOMENT),
    sa.column("state", sa.String),
)


class Record(NamedTuple):
    id: int
    area_id: int
    occurred_utc: datetime


def upgrade() -> None:
    op.create_table(
        "accident_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("minutes_apart", sa.Integer(), nullable=False),
        sa.Column("last_utc", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_accident_pair_order")),
        sa.CheckConstraint("state IN ('open', 'apart', 'merged')", name=op.f("ck_accident_pair_state")),
        sa.ForeignKeyConstraint(["first_id"], ["accident.id"], name=op.f("fk_accident_pair_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["accident.id"], name=op.f("fk_accident_pair_second_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_accident_pair_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accident_pair")),
    )
    connection = op.get_bind()
    for some in batches(chain(close(connection), merged(connection))):
        connection.execute(sa.insert(PAIR), some)
    op.create_index("uq_accident_pair_first_id_second_id", "accident_pair", ["first_id", "second_id"], unique=True)
    op.create_index(op.f("ix_accident_pair_second_id"), "accident_pair", ["second_id"])
    for name, columns in (
        ("ix_accident_pair_open_area_id", ["area_id", "last_utc", "id"]),
        ("ix_accident_pair_open", ["last_utc", "id"]),
    ):
        op.create_index(name, "accident_pair", columns, sqlite_where=OPEN, postgresql_where=OPEN)
    with op.batch_alter_table("accident", schema=None) as batch_op:
        batch_op.drop_column("told_apart")
    op.create_index(
        "ix_accident_neighbours",
        "accident",
        ["area_id", "severity", "occurred_utc", "id"],
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )


def close(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Yield the neighbours in time, of one area and severity, that are close: told apart where the later one was."""
    facts = (ACCIDENT.c.id, ACCIDENT.c.area_id, ACCIDENT.c.severity, ACCIDENT.c.occurred_utc, ACCIDENT.c.told_apart)
    standing = sa.select(*facts).where(ACCIDENT.c.state == "recorded").order_by(*facts[1:4], ACCIDENT.c.id)
    before = None
    for row in connection.execute(standing.execution_options(yield_per=AT_ONCE)):
        if before is not None and before[1:3] == row[1:3] and row.occurred_utc - before.occurred_utc <= CLOSE:
            one, other = (Record(each.id, each.area_id, each.occurred_utc) for each in (before, row))
            yield pair(one, other, "apart" if row.told_apart else "open")
        before = row


def merged(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """Yield what was voided as a duplicate, with what was kept."""
    voided, kept = ACCIDENT.alias(), ACCIDENT.alias()
    facts = [column for each in (voided, kept) for column in (each.c.id, each.c.area_id, each.c.occurred_utc)]
    both = sa.select(*facts).join_from(voided, kept, kept.c.id == voided.c.duplicate_of_id).order_by(voided.c.id)
    for row in connection.execute(both.execution_options(yield_per=AT_ONCE)):
        yield pair(Record(*row[:3]), Record(*row[3:]), "merged")


def pair(one: Record, other: Record, state: str) -> dict[str, Any]:
    earlier, later = sorted((one, other), key=lambda record: (record.occurred_utc, record.id))
    first, second = sorted((one.id, other.id))
    minutes = int((later.occurred_utc - earlier.occurred_utc).total_seconds() // 60)
    why = {"area_id": later.area_id, "minutes_apart": minutes, "last_utc": later.occurred_utc}
    return {"first_id": first, "second_id": second, "state": state, **why}


def batches(pairs: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    following = iter(pairs)
    while some := list(islice(following, AT_ONCE)):
        yield some


def downgrade() -> None:
    op.drop_index("ix_accident_neighbours", "accident")
    with op.batch_alter_table("accident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_apart", sa.Boolean(), server_default=sa.false(), nullable=False))
    is_later = ACCIDENT.c.id.in_((PAIR.c.first_id, PAIR.c.second_id)) & (ACCIDENT.c.occurred_utc == PAIR.c.last_utc)
    apart = sa.exists().where(PAIR.c.state == "apart", is_later)
    op.get_bind().execute(sa.update(ACCIDENT).where(apart).values(told_apart=True))
    with op.batch_alter_table("accident", schema=None) as batch_op:
        batch_op.alter_column("told_apart", existing_type=sa.Boolean(), existing_nullable=False, server_default=None)
    op.drop_table("accident_pair")
