"""Licences used once, for one purpose: presentations, the holder's consent, one-time codes, the record of all."""
