"""The serving database: one file per subject, ready to be looked up by number.

SQLite by default, PostgreSQL by URL, the same code. `connection` opens it, `migration` brings its
shape up to date, `reading` looks a file up, `writing` takes in a publication.
"""
