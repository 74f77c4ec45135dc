"""Who may ask for what: callers, tokens, roles, grants and purposes. Denied unless it stands in one table."""
