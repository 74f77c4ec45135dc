"""Shared materials (共享材料): files verified once, kept once and encrypted, recognised by declared rules.

`checking` opens a stranger's bytes, `scanning` asks a virus scanner, `folder` keeps sealed bytes, `keeping` knows of
whom they are and what became of them.
"""
