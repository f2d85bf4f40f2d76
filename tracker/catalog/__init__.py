"""The catalog: everything that is asked of the published history, in SQLite, derived from git.

``schema`` opens it, on disk or in memory; ``build`` brings it up to date, ``update`` plays commits
into it; ``queries``, ``facts`` and ``search`` answer.
"""
