"""Indexes that lists are read from: accidents, patrols, points, surveys of helmets, the audit trail, each in its order.

Each takes the place of one that it serves as well; that of the audited action, which served none, goes.

Revision ID: 0018
Revises: 0017
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ACCIDENT = ("occurred_on", "occurred_utc", "id")
PATROL = ("started_on", "started_utc", "id")
POINTS = ("occurred_on", "id")
SURVEY = ("occurred_on", "started_utc", "id")
INDEXES = (
    ("accident", "ix_accident_area_id_in_time", ("area_id", *ACCIDENT)),
    ("accident", "ix_accident_in_time", ACCIDENT),
    ("patrol", "ix_patrol_area_id_in_time", ("area_id", *PATROL)),
    ("patrol", "ix_patrol_in_time", PATROL),
    ("point_entry", "ix_point_entry_area_id_in_time", ("area_id", *POINTS)),
    ("point_entry", "ix_point_entry_company_id_in_time", ("company_id", *POINTS)),
    ("point_entry", "ix_point_entry_in_time", POINTS),
    ("helmet_survey", "ix_helmet_survey_site_id_in_time", ("site_id", *SURVEY)),
    ("helmet_survey", "ix_helmet_survey_in_time", SURVEY),
    ("audit_entry", "ix_audit_entry_actor_id_in_time", ("actor_id", "at_utc", "id")),
    ("audit_entry", "ix_audit_entry_in_time", ("at_utc", "id")),
)
BEFORE = (
    ("accident", "ix_accident_area_id_occurred_on", ("area_id", "occurred_on")),
    ("accident", "ix_accident_occurred_on", ("occurred_on",)),
    ("patrol", "ix_patrol_area_id_started_on", ("area_id", "started_on")),
    ("patrol", "ix_patrol_started_on", ("started_on",)),
    ("point_entry", "ix_point_entry_area_id_occurred_on", ("area_id", "occurred_on")),
    ("point_entry", "ix_point_entry_company_id_occurred_on", ("company_id", "occurred_on")),
    ("point_entry", "ix_point_entry_occurred_on", ("occurred_on",)),
    ("helmet_survey", "ix_helmet_survey_site_id_occurred_on", ("site_id", "occurred_on")),
    ("helmet_survey", "ix_helmet_survey_occurred_on", ("occurred_on",)),
    ("audit_entry", "ix_audit_entry_actor", ("actor_id", "id")),
    ("audit_entry", "ix_audit_entry_action", ("action",)),
)


def upgrade() -> None:
    _replace(BEFORE, INDEXES)


def downgrade() -> None:
    _replace(INDEXES, BEFORE)


def _replace(old: tuple[tuple[str, str, tuple[str, ...]], ...], new: tuple[tuple[str, str, tuple[str, ...]], ...]) -> None:
    for table, name, columns in new:
        op.create_index(name, table, columns)
    for table, name, _columns in old:
        op.drop_index(name, table)
