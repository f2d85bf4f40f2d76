"""Importers: each reads one format and yields revisions to record."""
