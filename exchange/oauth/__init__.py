"""OAuth 2 for departments' systems: client credentials with private_key_jwt (RFC 6749, 7521, 7523), by Authlib."""
