"""What is unfinished is found by indexes of its own; a task says where its rider lives and where its seat is.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

LATEST = 13652059
WAITING = "state = 'open'"
UNDER_WAY = "state = 'in_progress'"
UNFINISHED = "state IN ('open', 'booked', 'in_progress')"
INDEXES = (
    ("ix_study_task_open_course_id_due_on", ["course_id", "due_on"], WAITING),
    ("ix_study_task_under_way_station_id", ["station_id"], UNDER_WAY),
    ("ix_study_task_open_urgency", ["urgency", "id"], WAITING),
    ("ix_study_task_open_station_id_urgency", ["station_id", "urgency", "id"], WAITING),
    ("ix_study_task_open_area_id_urgency", ["area_id", "urgency", "id"], WAITING),
    ("ix_study_task_open_home_area_id_urgency", ["home_area_id", "urgency", "id"], WAITING),
    ("ix_study_task_urgency", ["urgency", "id"], "id > 0"),
)
COLUMNS = (("home_area_id", "area"), ("station_id", "station"))
PLACES = ("area_id", "home_area_id", "station_id", "company_id")


def upgrade() -> None:
    for column, _table in COLUMNS:
        op.add_column("study_task", sa.Column(column, sa.Integer(), nullable=True))
    op.add_column("study_task", sa.Column("urgency", sa.Integer(), nullable=True))
    lite = op.get_bind().dialect.name == "sqlite"
    day = "CAST(julianday(due_on) - 1721424.5 AS INTEGER)" if lite else "(due_on - DATE '0001-01-01' + 1)"
    op.execute(f"UPDATE study_task SET urgency = CASE WHEN {UNFINISHED} THEN {day} ELSE {LATEST} - {day} END")
    op.execute(
        "UPDATE study_task SET home_area_id = rider.home_area_id FROM rider WHERE rider.id = study_task.rider_id"
    )
    op.execute(
        "UPDATE study_task SET station_id = study_session.station_id FROM study_session, booking,"
        " (SELECT task_id, max(id) AS id FROM booking WHERE state <> 'cancelled' GROUP BY task_id) AS latest"
        " WHERE latest.task_id = study_task.id AND booking.id = latest.id AND study_session.id = booking.session_id"
    )
    with op.batch_alter_table("study_task", schema=None) as batch_op:
        for column, table in COLUMNS:
            batch_op.create_foreign_key(op.f(f"fk_study_task_{column}"), table, [column], ["id"])
        batch_op.alter_column("urgency", existing_type=sa.Integer(), nullable=False)
        batch_op.create_check_constraint(op.f("ck_study_task_urgency"), f"({UNFINISHED}) = (urgency < 10000000)")
        batch_op.drop_index("ix_study_task_company_id")
    for name, columns, where in INDEXES:
        op.create_index(name, "study_task", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    for place in PLACES:
        op.create_index(f"ix_study_task_{place}_urgency", "study_task", [place, "urgency", "id"])


def downgrade() -> None:
    for place in PLACES:
        op.drop_index(f"ix_study_task_{place}_urgency", "study_task")
    for name, _columns, _where in INDEXES:
        op.drop_index(name, "study_task")
    with op.batch_alter_table("study_task", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_study_task_urgency"), type_="check")
        batch_op.drop_column("urgency")
        batch_op.create_index("ix_study_task_company_id", ["company_id"])
        for column, _table in COLUMNS:
            batch_op.drop_constraint(op.f(f"fk_study_task_{column}"), type_="foreignkey")
            batch_op.drop_column(column)
