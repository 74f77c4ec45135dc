"""What can be trusted: hashing logs, envelopes, signers, the keystore, receipts."""
