//! Whoever makes or changes a packet or an export and wants a reader to believe it.
