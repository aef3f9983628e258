"""A course consists of what its versions say, each from a day on; studies keep the version of their session's day.

Revision ID: 0048
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

YESTERDAY = {"sqlite": "date('now', '-1 day')", "postgresql": "current_date - 1"}


def upgrade() -> None:
    kind = op.get_bind().dialect.name
    op.create_table(
        "course_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("name_zh", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("from_violations", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_course_version_days")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_version_course_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_version")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_course_version_code_valid_from")),
    )
    op.create_index("ix_course_version_course_id", "course_version", ["course_id"])
    op.execute(
        "INSERT INTO course_version (code, course_id, name_zh, name_en, from_violations, pass_mark, valid_from, valid_to,"
        " version) SELECT code, id, name_zh, name_en, from_violations, pass_mark, DATE '2000-01-01',"
        f" CASE WHEN active THEN NULL ELSE {YESTERDAY[kind]} END, version FROM course ORDER BY id".replace(
            "DATE '2000-01-01'", "'2000-01-01'" if kind == "sqlite" else "DATE '2000-01-01'"
        )
    )
    op.add_column("course_module", sa.Column("version_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE course_module SET version_id = (SELECT course_version.id FROM course_version WHERE"
        " course_version.course_id = course_module.course_id)"
    )
    with op.batch_alter_table("course_module", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_course_module_course_id_position"), type_="unique")
        batch_op.drop_constraint(op.f("fk_course_module_course_id"), type_="foreignkey")
        batch_op.drop_column("course_id")
        batch_op.alter_column("version_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_foreign_key(op.f("fk_course_module_version_id"), "course_version", ["version_id"], ["id"])
        batch_op.create_unique_constraint(op.f("uq_course_module_version_id_position"), ["version_id", "position"])
    with op.batch_alter_table("course", schema=None) as batch_op:
        for column in ("from_violations", "pass_mark", "active"):
            batch_op.drop_column(column)


def downgrade() -> None:
    latest = (
        "course_version.id = (SELECT max(later.id) FROM course_version AS later"
        " WHERE later.course_id = course_version.course_id)"
    )
    for column, type_ in (("from_violations", sa.Integer()), ("pass_mark", sa.Integer()), ("active", sa.Boolean())):
        op.add_column("course", sa.Column(column, type_, nullable=True))
    for column in ("from_violations", "pass_mark"):
        op.execute(
            f"UPDATE course SET {column} = (SELECT {column} FROM course_version"
            f" WHERE course_version.course_id = course.id AND {latest})"
        )
    op.execute(
        "UPDATE course SET active = EXISTS (SELECT 1 FROM course_version WHERE course_version.course_id = course.id"
        f" AND valid_to IS NULL AND {latest})"
    )
    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.alter_column("from_violations", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("pass_mark", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("active", existing_type=sa.Boolean(), nullable=False)
    op.add_column("course_module", sa.Column("course_id", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE course_module SET course_id = (SELECT course_version.course_id FROM course_version WHERE"
        " course_version.id = course_module.version_id)"
    )
    # modules of versions that were replaced go where no study names them, and stand behind the others where one does
    op.execute(
        "DELETE FROM course_module WHERE version_id NOT IN (SELECT max(id) FROM course_version GROUP BY course_id)"
        " AND id NOT IN (SELECT module_id FROM module_record)"
    )
    op.execute(
        "UPDATE course_module SET position = position + 1000 * version_id"
        " WHERE version_id NOT IN (SELECT max(id) FROM course_version GROUP BY course_id)"
    )
    with op.batch_alter_table("course_module", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_course_module_version_id_position"), type_="unique")
        batch_op.drop_constraint(op.f("fk_course_module_version_id"), type_="foreignkey")
        batch_op.drop_column("version_id")
        batch_op.alter_column("course_id", existing_type=sa.Integer(), nullable=False)
        batch_op.create_foreign_key(op.f("fk_course_module_course_id"), "course", ["course_id"], ["id"])
        batch_op.create_unique_constraint(op.f("uq_course_module_course_id_position"), ["course_id", "position"])
    op.drop_index("ix_course_version_course_id", "course_version")
    op.drop_table("course_version")
