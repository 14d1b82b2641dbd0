//! What must not come out: names, digests, numbers and texts that hold an identity.
