"""Recordings that were deleted for good, so that no copy of them comes back."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    op.create_table(
        "deleted_recordings",
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", name="pk_deleted_recordings"),
    )
