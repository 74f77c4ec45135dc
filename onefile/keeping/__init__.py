"""Keeping a home: backups of a running one, restoring them, and moving its formats on."""
