"""Logging in by OpenID Connect: officials and applicants, each by a provider that the bureau names."""
