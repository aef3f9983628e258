"""Who rides for a company on a day, and who of some riders does, is found without reading who once did.

Revision ID: 0076
Revises: 0075
"""

from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_engagement_company_id", "engagement")
    op.drop_index("ix_engagement_rider_id_engaged_from", "engagement")
    op.create_index("ix_engagement_company_id_engaged_to", "engagement", ["company_id", "engaged_to"])
    op.create_index(
        "ix_engagement_rider_id_engaged_from_company_id", "engagement", ["rider_id", "engaged_from", "company_id"]
    )


def downgrade() -> None:
    op.drop_index("ix_engagement_rider_id_engaged_from_company_id", "engagement")
    op.drop_index("ix_engagement_company_id_engaged_to", "engagement")
    op.create_index("ix_engagement_rider_id_engaged_from", "engagement", ["rider_id", "engaged_from"])
    op.create_index("ix_engagement_company_id", "engagement", ["company_id"])
