"""The database: what we keep of calls in tables, in SQLite or PostgreSQL, one repository for every noun.

In come plain values and connections of a transaction, out go frozen records. It may know `storage.metadata` and
`vocabulary`.
"""
