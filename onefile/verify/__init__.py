"""The stand-alone verifier: is this paper genuine, and is this row in it?

Standard library and `cryptography` only, no database, no network, no settings. Run it as
`python -m onefile.verify RECEIPT --trust FILE [--row FILE --proof FILE]`.
"""
