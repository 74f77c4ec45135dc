"""Annotated copies (加注件): a licence's face as PDF, for one asker and purpose, signed as a whole (PAdES)."""
