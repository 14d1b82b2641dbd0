//! What the tests of the whole product share: where the binaries are, how the
//! real window is driven, where foreign vectors lie.

pub mod bench;
pub mod benches;
pub mod chance;
pub mod corpora;
pub mod exports;
pub mod folders;
pub mod killed;
pub mod opened;
pub mod programs;
pub mod shapes;
pub mod traced;
pub mod window;
