//! What the tests of the whole product share: where the binaries are, how the
//! real window is driven, where foreign vectors lie.

pub mod bench;
pub mod corpora;
pub mod exports;
pub mod opened;
pub mod programs;
pub mod shapes;
pub mod window;
