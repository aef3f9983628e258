"""hazards

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
import trafficedu.core.orm
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('hazard_kind',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('name_zh', sa.String(length=40), nullable=False),
    sa.Column('name_en', sa.String(length=60), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hazard_kind')),
    sa.UniqueConstraint('code', name=op.f('uq_hazard_kind_code'))
    )
    op.create_table('hazard',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=12), nullable=False),
    sa.Column('client_reference', sa.String(length=60), nullable=True),
    sa.Column('reported_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
    sa.Column('reported_on', sa.Date(), nullable=False),
    sa.Column('reported_by_id', sa.Integer(), nullable=True),
    sa.Column('area_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.String(length=120), nullable=False),
    sa.Column('latitude', sa.Float(), nullable=True),
    sa.Column('longitude', sa.Float(), nullable=True),
    sa.Column('kind_id', sa.Integer(), nullable=False),
    sa.Column('risk', sa.String(length=10), nullable=False),
    sa.Column('description', sa.String(length=500), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('state_reason', sa.String(length=500), nullable=False),
    sa.Column('goal', sa.String(length=200), nullable=False),
    sa.Column('measures', sa.String(length=1000), nullable=False),
    sa.Column('responsible', sa.String(length=80), nullable=False),
    sa.Column('deadline_on', sa.Date(), nullable=True),
    sa.Column('missed_on', sa.Date(), nullable=True),
    sa.Column('soon_told_on', sa.Date(), nullable=True),
    sa.Column('overdue_told_on', sa.Date(), nullable=True),
    sa.Column('fixed_by_id', sa.Integer(), nullable=True),
    sa.Column('fixed_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
    sa.Column('fixed_on', sa.Date(), nullable=True),
    sa.Column('verified_by_id', sa.Integer(), nullable=True),
    sa.Column('verified_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
    sa.Column('verified_on', sa.Date(), nullable=True),
    sa.Column('on_time', sa.Boolean(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(state = 'verified') = (on_time IS NOT NULL)", name=op.f('ck_hazard_on_time')),
    sa.CheckConstraint("(state = 'verified') = (verified_on IS NOT NULL)", name=op.f('ck_hazard_verified')),
    sa.CheckConstraint("risk IN ('high', 'medium', 'low')", name=op.f('ck_hazard_risk')),
    sa.CheckConstraint("state IN ('reported', 'planned', 'fixing', 'fixed', 'verified', 'closed', 'voided')", name=op.f('ck_hazard_state')),
    sa.CheckConstraint("state NOT IN ('closed', 'voided') OR state_reason <> ''", name=op.f('ck_hazard_why')),
    sa.CheckConstraint("state NOT IN ('fixed', 'verified') OR fixed_on IS NOT NULL", name=op.f('ck_hazard_fixed')),
    sa.CheckConstraint("state NOT IN ('planned', 'fixing', 'fixed', 'verified') OR (goal <> '' AND measures <> '' AND responsible <> '' AND deadline_on IS NOT NULL)", name=op.f('ck_hazard_four_parts')),
    sa.CheckConstraint('(latitude IS NULL) = (longitude IS NULL)', name=op.f('ck_hazard_position')),
    sa.CheckConstraint('verified_by_id IS NULL OR verified_by_id <> fixed_by_id', name=op.f('ck_hazard_by_another')),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_hazard_area_id')),
    sa.ForeignKeyConstraint(['fixed_by_id'], ['user_account.id'], name=op.f('fk_hazard_fixed_by_id')),
    sa.ForeignKeyConstraint(['kind_id'], ['hazard_kind.id'], name=op.f('fk_hazard_kind_id')),
    sa.ForeignKeyConstraint(['reported_by_id'], ['user_account.id'], name=op.f('fk_hazard_reported_by_id')),
    sa.ForeignKeyConstraint(['verified_by_id'], ['user_account.id'], name=op.f('fk_hazard_verified_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hazard')),
    sa.UniqueConstraint('client_reference', name=op.f('uq_hazard_client_reference')),
    sa.UniqueConstraint('number', name=op.f('uq_hazard_number'))
    )
    with op.batch_alter_table('hazard', schema=None) as batch_op:
        batch_op.create_index('ix_hazard_area_id_state', ['area_id', 'state'], unique=False)
        batch_op.create_index(batch_op.f('ix_hazard_kind_id'), ['kind_id'], unique=False)
        batch_op.create_index('ix_hazard_reported_on', ['reported_on'], unique=False)
        batch_op.create_index('ix_hazard_state_deadline_on', ['state', 'deadline_on'], unique=False)

    op.create_table('hazard_watch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=12), nullable=False),
    sa.Column('area_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('period_days', sa.Integer(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('overdue_told_on', sa.Date(), nullable=True),
    sa.Column('checker_id', sa.Integer(), nullable=False),
    sa.Column('listed_by_id', sa.Integer(), nullable=True),
    sa.Column('listed_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
    sa.Column('ended_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
    sa.Column('ended_by_id', sa.Integer(), nullable=True),
    sa.Column('ended_reason', sa.String(length=200), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(ended_utc IS NULL) = (ended_reason = '')", name=op.f('ck_hazard_watch_ended')),
    sa.CheckConstraint('period_days BETWEEN 1 AND 366', name=op.f('ck_hazard_watch_period')),
    sa.ForeignKeyConstraint(['area_id'], ['area.id'], name=op.f('fk_hazard_watch_area_id')),
    sa.ForeignKeyConstraint(['checker_id'], ['user_account.id'], name=op.f('fk_hazard_watch_checker_id')),
    sa.ForeignKeyConstraint(['ended_by_id'], ['user_account.id'], name=op.f('fk_hazard_watch_ended_by_id')),
    sa.ForeignKeyConstraint(['listed_by_id'], ['user_account.id'], name=op.f('fk_hazard_watch_listed_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hazard_watch')),
    sa.UniqueConstraint('number', name=op.f('uq_hazard_watch_number'))
    )
    with op.batch_alter_table('hazard_watch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hazard_watch_area_id'), ['area_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_hazard_watch_checker_id'), ['checker_id'], unique=False)
        batch_op.create_index('ix_hazard_watch_due_on', ['due_on'], unique=False)
        batch_op.create_index('uq_hazard_watch_listed', ['area_id'], unique=True, sqlite_where=sa.text('ended_utc IS NULL'), postgresql_where=sa.text('ended_utc IS NULL'))

    op.create_table('hazard_look',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('watch_id', sa.Integer(), nullable=False),
    sa.Column('looked_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
    sa.Column('looked_on', sa.Date(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('found', sa.Integer(), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.CheckConstraint('found >= 0', name=op.f('ck_hazard_look_found')),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_hazard_look_by_id')),
    sa.ForeignKeyConstraint(['watch_id'], ['hazard_watch.id'], name=op.f('fk_hazard_look_watch_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hazard_look'))
    )
    with op.batch_alter_table('hazard_look', schema=None) as batch_op:
        batch_op.create_index('ix_hazard_look_watch_id_id', ['watch_id', 'id'], unique=False)

    op.create_table('hazard_photo',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('hazard_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('taken', sa.String(length=10), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('added_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
    sa.Column('added_by_id', sa.Integer(), nullable=True),
    sa.Column('withdrawn_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_by_id', sa.Integer(), nullable=True),
    sa.Column('withdrawn_reason', sa.String(length=200), nullable=False),
    sa.CheckConstraint("(withdrawn_utc IS NULL) = (withdrawn_reason = '')", name=op.f('ck_hazard_photo_withdrawn')),
    sa.CheckConstraint("taken IN ('before', 'after')", name=op.f('ck_hazard_photo_taken')),
    sa.ForeignKeyConstraint(['added_by_id'], ['user_account.id'], name=op.f('fk_hazard_photo_added_by_id')),
    sa.ForeignKeyConstraint(['hazard_id'], ['hazard.id'], name=op.f('fk_hazard_photo_hazard_id')),
    sa.ForeignKeyConstraint(['withdrawn_by_id'], ['user_account.id'], name=op.f('fk_hazard_photo_withdrawn_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hazard_photo')),
    sa.UniqueConstraint('hazard_id', 'position', name=op.f('uq_hazard_photo_hazard_id_position'))
    )
    op.create_table('hazard_step',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('hazard_id', sa.Integer(), nullable=False),
    sa.Column('what', sa.String(length=12), nullable=False),
    sa.Column('at_utc', trafficedu.core.orm.UTCDateTime(timezone=True), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=True),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('deadline_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['by_id'], ['user_account.id'], name=op.f('fk_hazard_step_by_id')),
    sa.ForeignKeyConstraint(['hazard_id'], ['hazard.id'], name=op.f('fk_hazard_step_hazard_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hazard_step'))
    )
    with op.batch_alter_table('hazard_step', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hazard_step_happened_on'), ['happened_on'], unique=False)
        batch_op.create_index('ix_hazard_step_hazard_id_id', ['hazard_id', 'id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('hazard_step', schema=None) as batch_op:
        batch_op.drop_index('ix_hazard_step_hazard_id_id')
        batch_op.drop_index(batch_op.f('ix_hazard_step_happened_on'))

    op.drop_table('hazard_step')
    op.drop_table('hazard_photo')
    with op.batch_alter_table('hazard_look', schema=None) as batch_op:
        batch_op.drop_index('ix_hazard_look_watch_id_id')

    op.drop_table('hazard_look')
    with op.batch_alter_table('hazard_watch', schema=None) as batch_op:
        batch_op.drop_index('uq_hazard_watch_listed', sqlite_where=sa.text('ended_utc IS NULL'), postgresql_where=sa.text('ended_utc IS NULL'))
        batch_op.drop_index('ix_hazard_watch_due_on')
        batch_op.drop_index(batch_op.f('ix_hazard_watch_checker_id'))
        batch_op.drop_index(batch_op.f('ix_hazard_watch_area_id'))

    op.drop_table('hazard_watch')
    with op.batch_alter_table('hazard', schema=None) as batch_op:
        batch_op.drop_index('ix_hazard_state_deadline_on')
        batch_op.drop_index('ix_hazard_reported_on')
        batch_op.drop_index(batch_op.f('ix_hazard_kind_id'))
        batch_op.drop_index('ix_hazard_area_id_state')

    op.drop_table('hazard')
    op.drop_table('hazard_kind')
