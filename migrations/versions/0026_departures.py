"""Who deleted their account gets no welcome credits on coming back."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "departures",
        sa.Column("person_hash", sa.String(length=64), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_hash", name=op.f("pk_departures")),
    )


def downgrade() -> None:
    op.drop_table("departures")
