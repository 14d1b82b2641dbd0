//! Held against somebody who means it: one file per way. Each says what the attacker does, what he wants by it, and what
//! stops him; each was seen to succeed before it was stopped.

mod archives;
mod database;
mod outside;
mod terminal;
mod verifier;
mod workspace;
