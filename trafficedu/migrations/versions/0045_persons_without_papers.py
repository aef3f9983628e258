"""A person who showed no papers can be recorded, and is identified later.

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

WANTED = sa.text("identity = 'wanted'")


def upgrade() -> None:
    with op.batch_alter_table("violation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("papers", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("identity", sa.String(length=10), nullable=True))
        batch_op.drop_constraint(op.f("ck_violation_someone"), type_="check")
        batch_op.create_check_constraint(op.f("ck_violation_someone"), "rider_id IS NOT NULL OR plate <> '' OR papers IS NOT NULL")
    for name, columns in (
        ("ix_violation_wanted_area_id", ["area_id", "occurred_on", "id"]),
        ("ix_violation_wanted", ["occurred_on", "id"]),
    ):
        op.create_index(name, "violation", columns, sqlite_where=WANTED, postgresql_where=WANTED)
    op.create_table(
        "unnamed_person",
        sa.Column("violation_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("phone_cipher", sa.String(length=200), nullable=True),
        sa.Column("appearance", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["violation_id"], ["violation.id"], name=op.f("fk_unnamed_person_violation_id")),
        sa.PrimaryKeyConstraint("violation_id", name=op.f("pk_unnamed_person")),
    )


def downgrade() -> None:
    op.drop_table("unnamed_person")
    op.drop_index("ix_violation_wanted", "violation")
    op.drop_index("ix_violation_wanted_area_id", "violation")
    nameless = "UPDATE violation SET plate = '?' WHERE rider_id IS NULL AND plate = ''"
    op.execute(nameless)  # the older program knows no record of nobody; what is known of them goes
    with op.batch_alter_table("violation", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_violation_someone"), type_="check")
        batch_op.create_check_constraint(op.f("ck_violation_someone"), "rider_id IS NOT NULL OR plate <> ''")
        batch_op.drop_column("identity")
        batch_op.drop_column("papers")
