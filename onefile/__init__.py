"""What people hold of One File: the command, the stand-alone verifier, the client library."""
