"""Cases (办件): registered as drafts before anything is asked for them, and followed to their end."""
