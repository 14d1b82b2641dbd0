//! **What it does**: a reviewer, whose database key opens the search index too, strikes a record out of it, or takes it out for
//! good, and leaves the number and the state that the index says it is of.
//! **What it wants**: that a search for the record finds nothing, and that a saved search says it was not there.
//! **What stops it**: `fsck` makes another index of the rows, compares what each of both says of every record, names the records
//! and puts the right one in its place. Seen before: the record was not found, and `fsck` was green.

use muniment_tests::opened;
use muniment_tests::programs::{SECOND_PASSPHRASE, Terminal};
use rand_core::SeedableRng as _;
use tantivy::{IndexWriter, TantivyDocument, Term};

use super::reviewer::workspace;
use crate::workspace::place::findings;

/// Takes what the index says of subject 1 away, and commits as the commit before did.
fn strike_out(terminal: &Terminal, for_good: bool) {
    let key = opened::key(&terminal.workspace, SECOND_PASSPHRASE, "database");
    let key = opened::index_key(&key);
    let random = rand_chacha::ChaCha20Rng::seed_from_u64(7);
    let folder = terminal.workspace.join("index");
    let sealed = search::SealedDirectory::open(&folder, &key, Box::new(random), 16 << 20);
    let index = tantivy::Index::open(sealed.expect("the index folder")).expect("the index");
    let said = index.load_metas().expect("a commit").payload;
    let mut writer: IndexWriter<TantivyDocument> = index
        .writer_with_num_threads(1, 15_000_000)
        .expect("a writer");
    let subject = index.schema().get_field("subject").expect("a field");
    writer.delete_term(Term::from_field_u64(subject, 1));
    let mut commit = writer.prepare_commit().expect("prepared");
    commit.set_payload(&said.expect("what the commit says of itself"));
    commit.commit().expect("committed");
    if for_good {
        let segments = index.searchable_segment_ids().expect("segments");
        writer.merge(&segments).wait().expect("merged");
    }
    writer.wait_merging_threads().expect("ended");
}

#[test]
fn a_record_that_is_struck_out_of_the_index_is_named_and_comes_back() {
    let (_dir, terminal) = workspace();
    let total = |terminal: &Terminal| terminal.done(&["search"])["total"].clone();
    assert_eq!(total(&terminal), 3);
    assert_eq!(findings(&terminal), Vec::<String>::new());
    for for_good in [false, true] {
        strike_out(&terminal, for_good);
        // The attack is one: the index opens, and does not find the record.
        assert_eq!(
            terminal.done(&["search", "subject:1"])["total"],
            0,
            "{for_good}"
        );
        let found = findings(&terminal);
        assert!(
            found.len() == 1
                && found[0].contains("search index")
                && found[0].contains("1 to 4,095"),
            "{for_good}: {found:#?}"
        );
        assert_eq!(total(&terminal), 3, "{for_good}");
        assert_eq!(
            terminal.done(&["search", "subject:1"])["total"],
            1,
            "{for_good}"
        );
        assert_eq!(findings(&terminal), Vec::<String>::new(), "{for_good}");
    }
    let left = std::fs::read_dir(terminal.home.join("state/muniment")).expect("the state folder");
    let left: Vec<_> = left.map(|e| e.expect("an entry").file_name()).collect();
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().contains("compared")),
        "{left:?}"
    );
}
