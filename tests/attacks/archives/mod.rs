//! One archive that two programs read differently, and files that cost more than they should.

mod one_content;
