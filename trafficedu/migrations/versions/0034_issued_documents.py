"""Documents are kept as they were issued: their facts, their files, and whether they still hold.

Certificates that were handed out before are carried over by ``trafficedu init``, which has the keys.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KINDS = (
    "'certificate', 'receipt', 'notice', 'hazard', 'roster', 'bulletin', 'scorecard', 'village_list', 'indicators'"
)
VALID = "state = 'valid'"
EVALUATED = "evaluation_month IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(12), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("subject", sa.String(60), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("facts_sha256", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("issued_utc", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by_id", sa.Integer(), nullable=True),
        sa.Column("carried_over", sa.Boolean(), nullable=False),
        sa.Column("replaces_id", sa.Integer(), nullable=True),
        sa.Column("ended_utc", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("area_id", sa.Integer(), nullable=True),
        sa.Column("station_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("evaluation_month", sa.Date(), nullable=True),
        sa.Column("evaluation_version", sa.Integer(), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_document_kind")),
        sa.CheckConstraint("state IN ('valid', 'replaced', 'revoked')", name=op.f("ck_document_state")),
        sa.CheckConstraint("(state = 'valid') = (ended_utc IS NULL)", name=op.f("ck_document_ended")),
        sa.CheckConstraint("(state = 'revoked') = (reason <> '')", name=op.f("ck_document_reason")),
        sa.CheckConstraint(
            "(evaluation_month IS NULL) = (evaluation_version IS NULL)", name=op.f("ck_document_evaluation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.ForeignKeyConstraint(["issued_by_id"], ["user_account.id"], name=op.f("fk_document_issued_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["user_account.id"], name=op.f("fk_document_ended_by_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["document.id"], name=op.f("fk_document_replaces_id")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_document_area_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_document_station_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_document_company_id")),
        sa.UniqueConstraint("number", name=op.f("uq_document_number")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_document_replaces_id")),
    )
    op.create_index("ix_document_kind_subject", "document", ["kind", "subject", "id"])
    op.create_index(
        "uq_document_kind_subject_valid",
        "document",
        ["kind", "subject"],
        unique=True,
        sqlite_where=sa.text(VALID),
        postgresql_where=sa.text(VALID),
    )
    op.create_index(
        "ix_document_evaluation_month",
        "document",
        ["evaluation_month"],
        sqlite_where=sa.text(EVALUATED),
        postgresql_where=sa.text(EVALUATED),
    )
    op.create_table(
        "document_file",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("ending", sa.String(5), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("drawn_utc", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name=op.f("ck_document_file_language")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_document_file_document_id")),
        sa.PrimaryKeyConstraint("document_id", "language", "ending", name=op.f("pk_document_file")),
    )


def downgrade() -> None:
    op.drop_table("document_file")
    op.drop_table("document")
