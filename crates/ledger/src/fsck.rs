//! Re-deriving a whole ledger: is everything that is stored what the checkpoint says?
