"""Archive packages of closed cases: packed as a signed folder of files, kept sealed in the store of materials."""
