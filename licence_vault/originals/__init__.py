"""Collected originals (归集): what an authority issued and sealed, kept byte for byte, checked where its standard can.

`reading.look` says what a file is and what of it was checked; `collecting` binds it to a licence.
"""
