"""Who rides the e-bike with which plate has days, a relation and the record it came from.

What was known becomes a use as a regular rider, from the first record that saw the two together, or since ever.

Revision ID: 0038
Revises: 0037
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm
from trafficedu.core.numbers import new_number

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

AT_ONCE = 5_000
INTEGER, TEXT = sa.Integer, sa.String
VEHICLE = sa.table(
    "vehicle",
    sa.column("id", INTEGER),
    sa.column("number", TEXT),
    sa.column("plate", TEXT),
    sa.column("rider_id", INTEGER),
)
USE = sa.table(
    "plate_use",
    sa.column("id", INTEGER),
    sa.column("number", TEXT),
    sa.column("vehicle_id", INTEGER),
    sa.column("rider_id", INTEGER),
    sa.column("relation", TEXT),
    sa.column("used_from", sa.Date),
    sa.column("used_to", sa.Date),
    sa.column("confirmed", sa.Boolean),
    sa.column("record", TEXT),
    sa.column("reason", TEXT),
    sa.column("version", INTEGER),
)
SEEN = sa.table(
    "violation",
    sa.column("id", INTEGER),
    sa.column("number", TEXT),
    sa.column("plate", TEXT),
    sa.column("rider_id", INTEGER),
    sa.column("offender", TEXT),
    sa.column("state", TEXT),
    sa.column("occurred_on", sa.Date),
)
GOES_ON = sa.text("used_to IS NULL AND relation <> 'borrowed'")


def upgrade() -> None:
    op.add_column("vehicle", sa.Column("number", sa.String(length=12), nullable=True))
    numbers = sa.update(VEHICLE).where(VEHICLE.c.id == sa.bindparam("row")).values(number=sa.bindparam("new"))
    in_batches(sa.select(VEHICLE.c.id), numbers, lambda row: {"row": row.id, "new": new_number("B")})
    make_uses()
    make_questions()
    in_batches(known(), sa.insert(USE), use)
    op.create_index("ix_plate_use_rider_id_id", "plate_use", ["rider_id", "id"])
    op.create_index("ix_plate_use_vehicle_id_id", "plate_use", ["vehicle_id", "id"])
    op.create_index(
        "uq_plate_use_going_on",
        "plate_use",
        ["vehicle_id", "relation"],
        unique=True,
        sqlite_where=GOES_ON,
        postgresql_where=GOES_ON,
    )
    for column in ("record", "ended_by"):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_plate_use_{column}", "plate_use", [column], sqlite_where=there, postgresql_where=there)
    op.drop_index(op.f("ix_vehicle_rider_id"), "vehicle")
    with op.batch_alter_table("vehicle", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_vehicle_rider_id"), type_="foreignkey")
        batch_op.drop_column("rider_id")
        batch_op.drop_column("version")
        batch_op.alter_column("number", existing_type=sa.String(length=12), nullable=False)
        batch_op.create_unique_constraint(op.f("uq_vehicle_number"), ["number"])


def make_questions() -> None:
    moment = trafficedu.core.orm.UTCDateTime(timezone=True)
    states = "state IN ('open', 'borrowed', 'transferred', 'mistyped', 'dropped')"
    op.create_table(
        "plate_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("violation_id", sa.Integer(), nullable=False),
        sa.Column("usual_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("plate", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_utc", moment, nullable=True),
        sa.CheckConstraint(states, name=op.f("ck_plate_question_state")),
        sa.ForeignKeyConstraint(["violation_id"], ["violation.id"], name=op.f("fk_plate_question_violation_id")),
        sa.ForeignKeyConstraint(["usual_id"], ["rider.id"], name=op.f("fk_plate_question_usual_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_plate_question_area_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["user_account.id"], name=op.f("fk_plate_question_decided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plate_question")),
        sa.UniqueConstraint("violation_id", name=op.f("uq_plate_question_violation_id")),
    )
    for name, columns in (
        ("ix_plate_question_open_area_id", ["area_id", "occurred_on", "id"]),
        ("ix_plate_question_open", ["occurred_on", "id"]),
    ):
        waits = sa.text("state = 'open'")
        op.create_index(name, "plate_question", columns, sqlite_where=waits, postgresql_where=waits)


def make_uses() -> None:
    op.create_table(
        "plate_use",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("vehicle_id", sa.Integer(), nullable=False),
        sa.Column("rider_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=10), nullable=False),
        sa.Column("used_from", sa.Date(), nullable=True),
        sa.Column("used_to", sa.Date(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("record", sa.String(length=12), nullable=True),
        sa.Column("ended_by", sa.String(length=12), nullable=True),
        sa.Column("kept_to", sa.Date(), nullable=True),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "used_from IS NULL OR used_to IS NULL OR used_to >= used_from", name=op.f("ck_plate_use_dates")
        ),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_plate_use_vehicle_id")),
        sa.ForeignKeyConstraint(["rider_id"], ["rider.id"], name=op.f("fk_plate_use_rider_id")),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["user_account.id"], name=op.f("fk_plate_use_confirmed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plate_use")),
        sa.UniqueConstraint("number", name=op.f("uq_plate_use_number")),
    )


def known() -> sa.Select[Any]:
    """Return the vehicles with a rider, with day and number of the first record that stands and saw the two together."""
    together = (
        (SEEN.c.plate == VEHICLE.c.plate)
        & (SEEN.c.rider_id == VEHICLE.c.rider_id)
        & (SEEN.c.offender == "rider")
        & SEEN.c.state.in_(("pending", "confirmed"))
    )

    def first(column: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
        return sa.select(column).where(together).order_by(SEEN.c.occurred_on, SEEN.c.id).limit(1).scalar_subquery()

    facts = (VEHICLE.c.id, VEHICLE.c.rider_id, first(SEEN.c.occurred_on).label("day"), first(SEEN.c.number).label("seen"))
    return sa.select(*facts).where(VEHICLE.c.rider_id.is_not(None))


def use(row: Any) -> dict[str, Any]:
    return {
        "number": new_number("D"),
        "vehicle_id": row.id,
        "rider_id": row.rider_id,
        "relation": "regular",
        "used_from": row.day,
        "used_to": None,
        "confirmed": True,
        "record": row.seen,
        "reason": "",
        "version": 1,
    }


def in_batches(rows: sa.Select[Any], change: Any, values: Callable[[Any], dict[str, Any]]) -> None:
    """Ask for vehicles in the order of their ids, and run ``change`` with the values of each."""
    connection, last = op.get_bind(), 0
    while some := connection.execute(rows.where(VEHICLE.c.id > last).order_by(VEHICLE.c.id).limit(AT_ONCE)).all():
        connection.execute(change, [values(row) for row in some])
        last = some[-1].id


def downgrade() -> None:
    with op.batch_alter_table("vehicle", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_vehicle_number"), type_="unique")
        batch_op.drop_column("number")
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("rider_id", sa.Integer(), nullable=True))
    going_on = (USE.c.vehicle_id == VEHICLE.c.id) & USE.c.used_to.is_(None) & (USE.c.relation != "borrowed")
    last = sa.select(USE.c.rider_id).where(going_on).order_by(USE.c.relation.desc(), USE.c.id.desc()).limit(1)
    op.get_bind().execute(sa.update(VEHICLE).values(rider_id=last.scalar_subquery()))
    with op.batch_alter_table("vehicle", schema=None) as batch_op:
        batch_op.alter_column("version", existing_type=sa.Integer(), existing_nullable=False, server_default=None)
        batch_op.create_foreign_key(op.f("fk_vehicle_rider_id"), "rider", ["rider_id"], ["id"])
        batch_op.create_index(op.f("ix_vehicle_rider_id"), ["rider_id"], unique=False)
    op.drop_table("plate_question")
    op.drop_table("plate_use")
