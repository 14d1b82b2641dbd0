//! What lies in the folder, and how the story begins; not how it ends.

use std::path::Path;

use crate::log::put;
use crate::{SampleCase, SampleError};

/// The first line of the file, by which a sample case is known.
pub(crate) const TITLE: &str = "SAMPLE CASE FOR MUNIMENT\n";

const OPENING: &str = "\
========================

Everything here is invented. Names, addresses and numbers come from ranges that
are reserved for documentation or fiction. The signing keys follow from a seed
that stands in the source code of the program that wrote this folder: they
protect nothing, and must never be used for anything else.

What happened so far
--------------------
It is the morning of 4 November 2026. The platform's security team is told by an
emergency contact that she has confirmed three emergencies for a colleague in
one week, and that the colleague's Enigm Key was said to be revoked. Nobody can
explain how a revoked key triggers anything, nor who revoked it.

You are the responder. You have six weeks of exports, 23 September to
4 November. Enigm Command exported by day in the week of 21 October, while its
exporter was being moved; the operator says that all exports arrived. A copy of
one Enigm OS export came separately, by mail. Nobody has told you yet whether
the key of the second fleet's log is the right one.

What is here
------------
exports/       signed exports of Enigm Command, Enigm OS (two fleets), Enigm Key
cloudtrail/    CloudTrail log files of the backup account: five weeks with the
               checksums of whoever copied them, the newest without
trail/         CloudTrail of the region in which copies of the backups lie, with
               AWS's hourly digests, as copied from its bucket: the night of
               27 to 28 October
keys/          trust.json: the verifier keys to pin, with each origin's schema and
               heartbeat; vkeys.txt: the same keys, one a line;
               vkeys-not-pinned-yet.txt: a key still to be confirmed out of band;
               cloudtrail-keys.json: the keys of that region as AWS's tool prints
               them; cloudtrail-trust.json: what to pin about the trail
further/       exports that arrive later: import them when you know what is missing

How to begin
------------
";

pub(crate) fn write(dir: &Path, case: &SampleCase) -> Result<(), SampleError> {
    let mut text = TITLE.to_owned() + OPENING;
    text.push_str("  muniment --workspace case init\n");
    for (origin, vkey) in &case.pins {
        let schema = crate::schema_of(origin);
        text.push_str(&format!(
            "  muniment --workspace case trust add '{vkey}' --schema {schema}\n"
        ));
    }
    text.push_str(
        "  muniment --workspace case trust cloudtrail set keys/cloudtrail-trust.json\n\
         \x20 muniment --workspace case import exports cloudtrail trail\n\
         \x20 muniment --workspace case sources\n\
         \x20 muniment --workspace case search 'emergency'\n",
    );
    put(dir, "README.txt", text.as_bytes())?;
    Ok(())
}
