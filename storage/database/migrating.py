"""Bringing the tables of a database up to date, by the Alembic scripts in `storage/migrations`."""

from functools import cache
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

FOLDER: Final = Path(__file__).resolve().parents[1] / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def newest() -> str:
    """Return the revision this program wants."""
    head = _scripts().get_current_head()
    if head is None:
        raise RuntimeError(f"{FOLDER} holds no migrations")
    return head


def head_of(connection: Connection) -> str | None:
    """Return the revision of the tables in a database; None when there are none."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run what is missing inside the connection's transaction: all of it or nothing.

    Raises: LookupError when the database has a revision that this program does not know.
    """
    found = head_of(connection)
    if found is not None and found not in {script.revision for script in _scripts().walk_revisions()}:
        raise LookupError(f"the database's tables are of version {found}, which this program does not know")
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
