//! Whoever can write to the folder, without key or passphrase: key ring, member files, heads, links, kills.
