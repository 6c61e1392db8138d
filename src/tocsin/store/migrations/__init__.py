"""Migrations, by Alembic: the steps from an empty database to today's schema.

A *pre* migration prepares the schema for new code while old code still runs and raises ``schema``;
a
*post* migration takes away what old code needed and raises ``oldest_code`` (Design: store). Each is
frozen once it has been released.
"""
