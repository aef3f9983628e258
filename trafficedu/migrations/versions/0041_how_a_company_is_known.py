"""A record says how the company that answers for it is known; an engagement, who says so.

What is recorded already keeps its company: where that engages the rider on the day, it is said so; where it does not,
that it was taken as recorded. Nothing of it is asked now; where a notice is still held for want of a receiver, a company
that turns out to engage the rider may still be told.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

import trafficedu.core.orm

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

MOMENT = trafficedu.core.orm.UTCDateTime(timezone=True)
KNOWN = ("engaged", "named", "ambiguous", "nobody", "none", "as_recorded")
ACTS = ("claimed", "disowned", "proved", "chosen", "none", "undone")
TELLS = "state = 'confirmed' AND NOT historic"
INDEXES: tuple[tuple[str, list[str], str], ...] = (
    ("ix_violation_company_waits_area_id", ["area_id"], f"company_known IN ('named', 'ambiguous') AND {TELLS}"),
    ("ix_violation_company_waits", [], f"company_known IN ('named', 'ambiguous') AND {TELLS}"),
    ("ix_violation_named_waits", ["named_company_id"], f"company_known = 'named' AND {TELLS}"),
)


def words(column: str, members: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(member) for member in members)})"


def upgrade() -> None:
    engagements()
    violations()
    decisions()


def engagements() -> None:
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(length=10), nullable=False, server_default="unknown"))
        batch_op.add_column(sa.Column("recorded_utc", MOMENT, nullable=True))
        batch_op.add_column(sa.Column("recorded_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_engagement_recorded_by_id"), "user_account", ["recorded_by_id"], ["id"])
        batch_op.create_check_constraint(
            op.f("ck_engagement_source"), words("source", ("police", "file", "company", "proof", "unknown"))
        )
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        batch_op.alter_column(
            "source", existing_type=sa.String(length=10), existing_nullable=False, server_default=None
        )


def violations() -> None:
    with op.batch_alter_table("violation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("company_known", sa.String(length=20), nullable=False, server_default="nobody"))
        batch_op.add_column(sa.Column("named_company_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_violation_named_company_id"), "company", ["named_company_id"], ["id"])
    engages = (
        "EXISTS (SELECT 1 FROM engagement WHERE engagement.rider_id = violation.rider_id"
        " AND engagement.company_id = violation.company_id AND engagement.engaged_from <= violation.occurred_on"
        " AND (engagement.engaged_to IS NULL OR engagement.engaged_to >= violation.occurred_on))"
    )
    held = "EXISTS (SELECT 1 FROM notice WHERE notice.violation_id = violation.id AND notice.state = 'held')"
    op.execute(
        f"UPDATE violation SET company_known = CASE WHEN company_id IS NULL AND {held} THEN 'nobody' WHEN company_id IS NULL THEN 'none'"  # noqa: S608 - of words above
        f" WHEN {engages} THEN 'engaged' ELSE 'as_recorded' END"
        " WHERE company_id IS NOT NULL OR rider_id IS NOT NULL"
    )
    with op.batch_alter_table("violation", schema=None) as batch_op:
        batch_op.alter_column(
            "company_known", existing_type=sa.String(length=20), existing_nullable=False, server_default=None
        )
        batch_op.create_check_constraint(op.f("ck_violation_company_known"), words("company_known", KNOWN))
        batch_op.create_check_constraint(
            op.f("ck_violation_company"),
            "(company_id IS NOT NULL) = (company_known IN ('engaged', 'as_recorded'))",
        )
        batch_op.create_check_constraint(
            op.f("ck_violation_named_company"), "company_known <> 'named' OR named_company_id IS NOT NULL"
        )
    for name, first, where in INDEXES:
        columns = [*first, "occurred_utc", "id"]
        op.create_index(name, "violation", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def decisions() -> None:
    op.create_table(
        "company_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("violation_id", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("known_before", sa.String(length=20), nullable=False),
        sa.Column("company_before_id", sa.Integer(), nullable=True),
        sa.Column("engagement_id", sa.Integer(), nullable=True),
        sa.Column("decided_utc", MOMENT, nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("proof", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint(words("act", ACTS), name=op.f("ck_company_decision_act")),
        sa.CheckConstraint(words("known_before", KNOWN), name=op.f("ck_company_decision_known_before")),
        sa.CheckConstraint(words("proof", ("order", "gear", "card", "call")), name=op.f("ck_company_decision_proof")),
        sa.ForeignKeyConstraint(["violation_id"], ["violation.id"], name=op.f("fk_company_decision_violation_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_decision_company_id")),
        sa.ForeignKeyConstraint(
            ["company_before_id"], ["company.id"], name=op.f("fk_company_decision_company_before_id")
        ),
        sa.ForeignKeyConstraint(
            ["engagement_id"], ["engagement.id"], name=op.f("fk_company_decision_engagement_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_company_decision_decided_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_decision")),
    )
    for column in ("violation_id", "engagement_id"):
        op.create_index(op.f(f"ix_company_decision_{column}"), "company_decision", [column])


def downgrade() -> None:
    op.execute(
        "UPDATE notice SET held_reason = CASE WHEN company_id IS NULL THEN 'no_home_village' ELSE 'no_legal_basis' END,"
        " receiver_kind = CASE WHEN company_id IS NULL THEN 'village' ELSE receiver_kind END"
        " WHERE held_reason IN ('company_named', 'company_ambiguous')"
    )
    op.drop_table("company_decision")
    for name, _first, _where in INDEXES:
        op.drop_index(name, "violation")
    with op.batch_alter_table("violation", schema=None) as batch_op:
        for name in ("company_known", "company", "named_company"):
            batch_op.drop_constraint(op.f(f"ck_violation_{name}"), type_="check")
        batch_op.drop_constraint(op.f("fk_violation_named_company_id"), type_="foreignkey")
        batch_op.drop_column("named_company_id")
        batch_op.drop_column("company_known")
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_engagement_source"), type_="check")
        batch_op.drop_constraint(op.f("fk_engagement_recorded_by_id"), type_="foreignkey")
        for name in ("recorded_by_id", "recorded_utc", "source"):
            batch_op.drop_column(name)
