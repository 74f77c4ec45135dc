"""The stand-alone verifier: is this paper genuine, is this row in it, is this licence in force?

Standard library and `cryptography` only, no database, no network, no settings. Run it as
`python -m onefile.verify FILE --trust FILE [--row FILE --proof FILE | --on DATE --status FILE]`.
"""
