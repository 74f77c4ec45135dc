"""Every look: an append-only record of who saw which fields of whom, and why."""
