//! Files that somebody else may have prepared: folders are held open and names are looked up in them without following
//! a link, what is new never replaces anything, what is replaced is the old file or the new one and never half, and
//! only the owner can read any of it.
//!
//! A path that a person names may lead through links (their home may be one). What lies *in* a folder that is held here may
//! not: whoever can write to the folder could point a link at a file of its owner and have the owner overwrite,
//! disclose or delete it.

mod folder;
mod new_file;
mod step;

pub use folder::{CAN_SYNC_ALL, Entry, Folder, Kind};
pub use new_file::{NewFile, NewFolder, is_noted_name, is_unfinished_name, replace, write_new};
pub use step::step;

#[cfg(test)]
mod tests;
