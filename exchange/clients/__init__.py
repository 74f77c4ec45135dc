"""The systems of departments that may ask: registered, their keys changed, revoked."""
