"""The stand-alone verifier: is this paper genuine, is this licence in force, is this presentation for me?

Standard library and `cryptography` only (what more SM2, time stamps and PDF need stands behind
`extras`), no database, no network, no settings. Run it as
`python -m onefile.verify FILE --trust FILE [--row FILE --proof FILE | --on DATE --status FILE |
--audience NAME --nonce TEXT]`.
"""
