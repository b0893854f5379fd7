"""Every table, on one `METADATA`; the job queue adds its own to it (`storage.jobs.tables`).

Moments are Unix time in seconds, as in the files. The tables of recordings, conversations, turns and corrections are an
index: the files beside the audio are the truth, and `storage.reindex` fills these tables from them. BANK_ENTRIES
repeats the journals of the banks, which are the truth too. All others are kept here and nowhere else, so they refer to
recordings by id without a foreign key: an index may be rebuilt under them.
"""

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID: Final = Text()
_WORD: Final = Text()
"""A label: a state, a kind, an outcome."""
_JSON: Final = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

RECORDINGS: Final = Table(
    "recordings",
    METADATA,
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False),
    # `number` grows with the time a call began (storage.database.recordings.number_of), so that "newest first" is the
    # order of the primary key and of the full-text index, and nothing has to be sorted.
    Column("recording_id", _ID, nullable=False, unique=True),
    Column("conversation_id", _ID, nullable=False, index=True),
    Column("agent", _ID, nullable=False),
    Column("did", _WORD, nullable=False),
    Column("caller", _WORD, nullable=False),
    Column("language", _WORD, nullable=False),
    Column("started_at", Float(53), nullable=False, index=True),
    Column("duration_seconds", Float(53), nullable=False),
    Column("kept_since", Float(53), nullable=False, index=True),
    Column("has_audio", Boolean, nullable=False),
    Column("has_transcript", Boolean, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("checksum", Text, nullable=False),
    Column("processed", Boolean, nullable=False),
    Column("processing_mode", _WORD, nullable=False),
    Column("pipeline_version", _WORD, nullable=False),
    Column("sentiment", _WORD, nullable=False),
    Column("sentiment_score", Float(53)),
    Column("intent", _WORD, nullable=False),
    Column("outcome", _WORD, nullable=False),
    Column("quality_score", Float(53)),
    Column("estimated_wer", Float(53)),
    Column("legal_hold", Boolean, nullable=False),
    Column("deleted_at", Float(53)),
    Column("is_purging", Boolean, nullable=False),
    Column("metadata_file", Text, nullable=False),
    Column("metadata_bytes", BigInteger, nullable=False),
    Index(None, "processed", "number"),
    Index(None, "sentiment", "number"),
    Index(None, "intent", "number"),
)

CONVERSATIONS: Final = Table(
    "conversations",
    METADATA,
    Column("conversation_id", _ID, primary_key=True),
    Column("agent", _ID, nullable=False),
    Column("did", _WORD, nullable=False),
    Column("caller", _WORD, nullable=False),
    Column("language", _WORD, nullable=False),
    Column("started_at", Float(53), nullable=False, index=True),
    Column("duration_seconds", Float(53), nullable=False),
    Column("total_turns", Integer, nullable=False),
    Column("outcome", _WORD, nullable=False),
    Column("metrics", _JSON, nullable=False),
)

TURNS: Final = Table(
    "turns",
    METADATA,
    Column("conversation_id", _ID, ForeignKey("conversations.conversation_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("speaker", _WORD, nullable=False),
    Column("at_seconds", Float(53), nullable=False),
    Column("text", Text, nullable=False),
    Column("heard", Text, nullable=False),
    Column("confidence", Float(53)),
    Column("sentiment", _WORD, nullable=False),
    Column("sentiment_score", Float(53)),
    Column("was_interrupted", Boolean, nullable=False),
    Column("latency", _JSON),
)

CORRECTIONS: Final = Table(
    "corrections",
    METADATA,
    Column("conversation_id", _ID, ForeignKey("conversations.conversation_id", ondelete="CASCADE"), primary_key=True),
    Column("turn", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("heard", Text, nullable=False),
    Column("meant", Text, nullable=False),
    Column("rule", Text, nullable=False),
)

ANALYSES: Final = Table(
    "analyses",
    METADATA,
    Column("recording_id", _ID, primary_key=True),
    Column("pipeline_version", _WORD, primary_key=True),
    Column("finished_at", Float(53), nullable=False),
    Column("result", _JSON, nullable=False),
)

EVENTS: Final = Table(
    "events",
    METADATA,
    Column("event_id", _ID, primary_key=True),
    Column("kind", _WORD, nullable=False),
    Column("conversation_id", _ID, nullable=False, index=True),
    Column("at", Float(53), nullable=False, index=True),
    Column("data", _JSON, nullable=False),
)

BANK_ENTRIES: Final = Table(
    "bank_entries",
    METADATA,
    # What every machine's bank journals hold, in one order: how a correction gets from one machine to the others.
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("bank", _ID, nullable=False),
    Column("entry_id", _ID, nullable=False),
    Column("undoes", _ID, nullable=False),
    Column("what", _WORD, nullable=False, index=True),
    Column("at", Float(53), nullable=False),
    Column("by", _ID, nullable=False),
    Column("entry", _JSON, nullable=False),
    UniqueConstraint("bank", "entry_id"),
)

CALLBACKS: Final = Table(
    "callbacks",
    METADATA,
    Column("callback_id", _ID, primary_key=True),
    Column("kind", _WORD, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("state", _WORD, nullable=False, index=True),
    Column("details", _JSON, nullable=False),
    Column("settled_at", Float(53)),
    Column("settled_by", _ID, nullable=False, server_default=""),
)

CUSTOMERS: Final = Table(
    "customers",
    METADATA,
    Column("customer_id", _ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("balance", _WORD, nullable=False),
    Column("currency", _WORD, nullable=False),
    Column("due_date", _WORD, nullable=False),
    Column("status", _WORD, nullable=False),
    Column("line_status", _WORD, nullable=False),
    Column("router_model", Text, nullable=False),
    Column("permanence_until", _WORD, nullable=False),
)

CUSTOMER_PHONES: Final = Table(
    "customer_phones",
    METADATA,
    Column("customer_id", _ID, ForeignKey("customers.customer_id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("phone", _WORD, nullable=False),
    Column("tail", _WORD, nullable=False, index=True),
)

MILESTONES: Final = Table(
    "milestones",
    METADATA,
    # What is done once in the life of a database, such as entering the example customers.
    Column("name", _ID, primary_key=True),
    Column("at", Float(53), nullable=False),
)

REPORTED_FILES: Final = Table(
    "reported_files",
    METADATA,
    # What the last reindex could not read, so that `list` and a person can be told without reading all files again.
    Column("path", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Float(53), nullable=False),
)

SEALED_WORDS: Final = Table(
    "sealed_words",
    METADATA,
    # With encryption on, in place of the full-text index: a row for every recording, empty where nothing was said.
    Column(
        "number",
        BigInteger().with_variant(Integer(), "sqlite"),
        ForeignKey("recordings.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("words", LargeBinary, nullable=False),
)

DELETED_RECORDINGS: Final = Table(
    "deleted_recordings",
    METADATA,
    # What was deleted for good: a copy that another machine, or a backup, still has is neither indexed nor sent.
    Column("recording_id", _ID, primary_key=True),
    Column("at", Float(53), nullable=False),
)

SEARCH_TABLE: Final = "recording_words"
"""The full-text index: FTS5 in SQLite, a tsvector with a GIN index in PostgreSQL; made by the first migration."""
