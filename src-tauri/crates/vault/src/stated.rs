//! What signed entries state of the rows that decide something.
//!
//! Whoever holds the database key can write rows, and every member holds it. So a row of a table in [`TABLES`] is obeyed
//! only as the last signed entry stated it: each act names, in `/detail/states`, the rows that its transaction changed and
//! their digests, and the replay of the ledger gathers them. A reader compares the very row it reads; a row that nobody
//! stated, that was changed since, or that is missing is refused with [`VaultError::NotStated`].
//!
//! Which rows a transaction changed is not for its code to remember: temporary triggers of the writing connection note
//! them. They also note what a changed row was before, so that a planted row never becomes a stated one by being changed.
//!
//! Digests are keyed below the database key. They say nothing to those who read the ledger and not the rows, such as the
//! receiver of a packet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use data_encoding::BASE64;
use ring::hmac;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::keys::{KeyName, Role, VaultKeys};
use crate::ledger::{Act, Acts, CREATED};
use crate::{LedgerEntry, VaultError};

mod adopt;
mod content;
mod tables;

pub(crate) use tables::*;

/// States every row of a workspace that was written before rows were stated.
pub(crate) const ADOPTED: &str = "ledger.adopted";
/// States what did not fit into the entry before it.
pub(crate) const CONTINUED: &str = "ledger.stated";
/// Member of an entry's detail.
pub(crate) const STATES: &str = "states";
/// How many rows one entry states, well within the longest line.
const AT_ONCE: usize = 2_000;

/// A digest of a row under the key of this workspace.
pub(crate) type RowDigest = [u8; 32];

/// A table whose rows are obeyed only as they are stated.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// What one row is called in a message.
    noun: &'static str,
    /// Columns of the primary key.
    key: &'static [&'static str],
    /// All columns that say something, the key's too. One that is added later must be NULL in older rows.
    columns: &'static [&'static str],
    /// Only rows of which this holds.
    when: Option<(&'static str, &'static str)>,
    /// Whose entries may state it.
    by: &'static [Role],
}

impl Table {
    /// SQL for the key of a row as text; `row` is empty or a prefix such as `NEW.`.
    fn key_of(&self, row: &str) -> String {
        let parts: Vec<String> = (self.key.iter())
            .map(|column| format!("quote({row}{column})"))
            .collect();
        parts.join("||' '||")
    }

    /// SQL for all that a row says, one spelling for each content. Types are named, because SQLite compares `1` and `'1'`
    /// as different; bytes are in hex, because a text may hold any.
    fn content_of(&self, row: &str) -> String {
        let parts: Vec<String> = (self.columns.iter())
            .map(|column| {
                let c = format!("{row}{column}");
                format!(
                    "CASE WHEN {c} IS NULL THEN '' ELSE '{column}:'||typeof({c})||':'||hex({c})||';' END"
                )
            })
            .collect();
        parts.join("||")
    }

    fn when_of(&self, row: &str) -> String {
        self.when.map_or_else(
            || "1".to_owned(),
            |(column, value)| format!("{row}{column} IS '{value}'"),
        )
    }

    /// The key of a row with these values, as [`key_of`](Self::key_of) spells it.
    pub(crate) fn key(&self, parts: &[KeyPart<'_>]) -> String {
        let parts: Vec<String> = (parts.iter())
            .map(|part| match part {
                KeyPart::Number(number) => number.to_string(),
                KeyPart::Text(text) => format!("'{}'", text.replace('\'', "''")),
            })
            .collect();
        parts.join(" ")
    }
}

/// One column of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyPart<'a> {
    Number(i64),
    Text(&'a str),
}

/// One row as an entry states it; without a digest it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    table: &'static str,
    key: String,
    digest: Option<RowDigest>,
}

/// Digests of rows by table and key.
pub(crate) type StatedTables = BTreeMap<&'static str, BTreeMap<String, RowDigest>>;

/// What the ledger states, gathered while it is replayed.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatedRows {
    /// Whether every row that is to be obeyed must be stated: not so in a workspace of before, until it is adopted.
    begun: bool,
    rows: StatedTables,
}

impl StatedRows {
    /// Takes an entry whose signature and role were checked. What its signer may not state is not taken.
    pub(crate) fn step(&mut self, entry: &LedgerEntry, role: Role) {
        let Some(states) = entry.detail.get(STATES).and_then(Value::as_array) else {
            return;
        };
        for state in states {
            let Some(state) = read_state(state) else {
                continue;
            };
            if table(state.table).is_some_and(|table| table.by.contains(&role)) {
                self.set(state);
            }
        }
        let whole = entry.detail.get("whole").and_then(Value::as_bool) == Some(true);
        if entry.kind == CREATED || (entry.kind == ADOPTED && whole) {
            self.begun = true;
        }
    }

    /// Whether rows must be stated, and what is stated of those of each table.
    pub(crate) fn parts(&self) -> (bool, &StatedTables) {
        (self.begun, &self.rows)
    }

    /// Of what [`parts`](Self::parts) gave.
    pub(crate) fn of_parts(begun: bool, rows: StatedTables) -> Self {
        Self { begun, rows }
    }

    fn set(&mut self, state: State) {
        let rows = self.rows.entry(state.table).or_default();
        match state.digest {
            Some(digest) => rows.insert(state.key, digest),
            None => rows.remove(&state.key),
        };
    }

    fn of(&self, table: &Table, key: &str) -> Option<&RowDigest> {
        self.rows.get(table.name)?.get(key)
    }

    fn has(&self, state: &State) -> bool {
        let rows = self.rows.get(state.table);
        rows.is_some_and(|rows| rows.contains_key(&state.key))
    }
}

fn read_state(value: &Value) -> Option<State> {
    let [name, key, digest] = value.as_array()?.as_slice() else {
        return None;
    };
    let digest = match digest {
        Value::Null => None,
        text => Some(BASE64.decode(text.as_str()?.as_bytes()).ok()?),
    };
    Some(State {
        table: table(name.as_str()?)?.name,
        key: key.as_str()?.to_owned(),
        digest: digest.map(|bytes| bytes.try_into()).transpose().ok()?,
    })
}

impl State {
    fn to_value(&self) -> Value {
        json!([
            self.table,
            self.key,
            self.digest.as_ref().map(|digest| BASE64.encode(digest))
        ])
    }
}

/// What verdicts rest on besides the segments that come, as far as the ledger states it: equal as long as nothing of it changed
/// while the workspace is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// Changes to policies and source files.
    rules: u64,
    /// Changes to what was stored of imports and their segments.
    stored: u64,
}

impl Basis {
    fn count(&mut self, state: &State, was_there: bool) {
        let is = |tables: &[&Table]| tables.iter().any(|table| table.name == state.table);
        let rules = [
            &TRUST,
            &CLOUDTRAIL_TRUST,
            &TRUST_REFUSED,
            &SOURCE_FILE,
            &SOURCE_IMPORT,
        ];
        let stored = [&IMPORT, &SEGMENT, &SEGMENT_RUN, &SEGMENT_BORROWED];
        self.rules += u64::from(is(&rules));
        self.stored += u64::from(is(&stored) && (was_there || state.digest.is_none()));
    }
}

/// Rows by table and key with what is stated of them; without a digest they are gone.
type Ahead = BTreeMap<(&'static str, String), Option<RowDigest>>;

/// The one that compares rows with what is stated of them.
#[derive(Debug)]
pub(crate) struct Statements {
    key: hmac::Key,
    stated: RwLock<StatedRows>,
    /// What the open group states: only the writer sees its rows, and only the writer is held to it.
    ahead: Mutex<Ahead>,
    /// How often what others rest on was changed.
    basis: Mutex<Basis>,
    /// Odd while a commit is under way: a reader that ran beside one reads again before it accuses anybody.
    turn: AtomicU64,
}

impl Statements {
    pub(crate) fn new(keys: &VaultKeys, stated: StatedRows) -> Option<Self> {
        let database = keys.oldest(KeyName::Database)?;
        let key = database.derive("muniment/stated-rows/v1");
        Some(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, key.bytes()),
            stated: RwLock::new(stated),
            ahead: Mutex::default(),
            basis: Mutex::default(),
            turn: AtomicU64::new(0),
        })
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the writer is held to: the open group's statement, else the last one.
    fn of_writer(&self, table: &Table, key: &str) -> Option<RowDigest> {
        if let Some(digest) = self.ahead().get(&(table.name, key.to_owned())) {
            return *digest;
        }
        self.stated().of(table, key).copied()
    }

    /// Keeps what a part of the open group states.
    pub(crate) fn put_ahead(&self, states: Vec<State>) {
        let states = states.into_iter().map(|s| ((s.table, s.key), s.digest));
        self.ahead().extend(states);
    }

    /// Runs the commit of the open group, and from then on holds rows to what it stated.
    pub(crate) fn commit_group(
        &self,
        commit: impl FnOnce() -> rusqlite::Result<()>,
    ) -> Result<(), VaultError> {
        let ahead = std::mem::take(&mut *self.ahead());
        let states = ahead
            .into_iter()
            .map(|((table, key), digest)| State { table, key, digest });
        self.commit(states.collect(), commit)
    }

    /// The open group came to nothing.
    pub(crate) fn forget_group(&self) {
        self.ahead().clear();
    }

    fn stated(&self) -> RwLockReadGuard<'_, StatedRows> {
        self.stated.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether rows must be stated to be obeyed.
    pub(crate) fn begun(&self) -> bool {
        self.stated().begun
    }

    /// What verdicts rest on; `None` where rows need not be stated.
    pub(crate) fn basis(&self) -> Option<Basis> {
        let basis = *self.basis.lock().unwrap_or_else(PoisonError::into_inner);
        self.begun().then_some(basis)
    }

    /// Refuses a table of which another number of rows is stated than was found.
    pub(crate) fn as_many(&self, table: &'static Table, found: usize) -> Result<(), VaultError> {
        let stated = self.stated();
        let rows = stated.rows.get(table.name).map_or(0, BTreeMap::len);
        match !stated.begun || rows == found {
            true => Ok(()),
            false => Err(VaultError::NotStated {
                table: table.name,
                row: format!("one {} of {rows}", table.noun),
                missing: rows > found,
            }),
        }
    }

    fn digest(&self, table: &Table, content: &str) -> RowDigest {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(table.name.as_bytes());
        context.update(b"\n");
        context.update(content.as_bytes());
        let mut digest = [0; 32];
        digest.copy_from_slice(context.sign().as_ref());
        digest
    }

    /// Whether the open transaction changed this row.
    pub(crate) fn is_changed(
        &self,
        conn: &Connection,
        table: &Table,
        key: &[KeyPart<'_>],
    ) -> Result<bool, VaultError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM temp.changed WHERE name = ? AND key = ?)";
        let mut statement = conn.prepare_cached(sql)?;
        Ok(statement.query_row([table.name, &table.key(key)], |row| row.get(0))?)
    }

    /// Begins to compare rows of a table.
    pub(crate) fn reading(&self, table: &'static Table) -> Reading<'_> {
        Reading {
            statements: self,
            table,
            seen: BTreeSet::new(),
            spelled: content::Spelled::default(),
        }
    }

    pub(crate) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Acquire)
    }

    /// Runs a commit, and from then on holds rows to what it stated.
    pub(crate) fn commit(
        &self,
        states: Vec<State>,
        commit: impl FnOnce() -> rusqlite::Result<()>,
    ) -> Result<(), VaultError> {
        self.turn.fetch_add(1, Ordering::AcqRel);
        let done = commit();
        if done.is_ok() {
            let mut stated = self.stated.write().unwrap_or_else(PoisonError::into_inner);
            let mut basis = self.basis.lock().unwrap_or_else(PoisonError::into_inner);
            for state in states {
                basis.count(&state, stated.has(&state));
                stated.set(state);
            }
        }
        self.turn.fetch_add(1, Ordering::AcqRel);
        Ok(done?)
    }

    /// Takes what the adoption of a workspace of before stated: rows must be stated from now on.
    fn adopt(&self, states: Vec<State>) {
        let mut stated = self.stated.write().unwrap_or_else(PoisonError::into_inner);
        states.into_iter().for_each(|state| stated.set(state));
        stated.begun = true;
    }

    /// Whether every row of these tables is as stated and none is missing. So of a workspace of before rows were stated.
    pub(crate) fn hold(
        &self,
        conn: &Connection,
        tables: &[&'static Table],
    ) -> Result<bool, VaultError> {
        Ok(!self.begun() || self.compare(conn, tables)?.1.is_empty())
    }

    /// Every row that is not as stated, in words, for `fsck`; and how many are.
    pub(crate) fn compare_all(&self, conn: &Connection) -> Result<(u64, Vec<String>), VaultError> {
        self.compare(conn, &TABLES)
    }

    fn compare(
        &self,
        conn: &Connection,
        tables: &[&'static Table],
    ) -> Result<(u64, Vec<String>), VaultError> {
        let stated = self.stated().clone();
        let (mut fine, mut wrong) = (0, Vec::new());
        for table in tables {
            let mut left = stated.rows.get(table.name).cloned().unwrap_or_default();
            adopt::each_row(conn, table, |key, content| {
                let row = format!("{} {}", table.noun, printable(&key));
                match left.remove(&key) {
                    Some(digest) if digest == self.digest(table, &content) => fine += 1,
                    Some(_) => wrong.push(format!("{row} is not what was signed")),
                    None => wrong.push(format!("nobody signed {row}")),
                }
            })?;
            let missing = left
                .keys()
                .map(|key| format!("{} {} is missing", table.noun, printable(key)));
            wrong.extend(missing);
        }
        Ok((fine, wrong))
    }

    /// The rows that the open transaction changed. A row that was not as stated before is refused: its change would make
    /// what somebody planted a stated row.
    pub(crate) fn changed(&self, conn: &Connection) -> Result<Vec<State>, VaultError> {
        let begun = self.begun();
        let mut changed = Vec::new();
        let mut statement = conn
            .prepare_cached("SELECT name, key, was, is_now FROM temp.changed ORDER BY name, key")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (name, key): (String, String) = (row.get(0)?, row.get(1)?);
            let (was, now): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            let table =
                table(&name).ok_or_else(|| VaultError::corrupt("changed", "unknown table"))?;
            let was = was.map(|content| self.digest(table, &content));
            if begun && self.of_writer(table, &key) != was {
                return Err(table.refused(&key, was.is_some()));
            }
            let digest = now.map(|content| self.digest(table, &content));
            if digest != was {
                changed.push(State {
                    table: table.name,
                    key,
                    digest,
                });
            }
        }
        // A workspace of before states all of it at once, later.
        if !begun {
            changed.clear();
        }
        Ok(changed)
    }

    /// Puts the states into the acts of their transaction: into the first whose signer may state all of them.
    pub(crate) fn put_into(
        acts: Acts,
        states: &[State],
        own: Role,
    ) -> Result<impl Iterator<Item = Act>, VaultError> {
        let mut acts: Vec<Act> = acts.into_iter().collect();
        if states.is_empty() {
            return Ok(acts.into_iter());
        }
        let may = |act: &Act| {
            let role = act.signer.as_ref().map_or(own, |signer| signer.role);
            (states.iter()).all(|s| table(s.table).is_some_and(|table| table.by.contains(&role)))
        };
        let at = (acts.iter().position(|act| act.signer.is_none() && may(act)))
            .or_else(|| acts.iter().position(may));
        let Some(act) = at.and_then(|at| acts.get_mut(at)) else {
            let kind = acts
                .first()
                .map_or_else(String::new, |act| act.kind.clone());
            return Err(VaultError::NotAllowed { role: own, kind });
        };
        let mut chunks = states.chunks(AT_ONCE);
        if let Some(first) = chunks.next() {
            state_in(act, first);
        }
        let signer = act.signer.clone();
        acts.extend(chunks.map(|chunk| {
            let mut more = Act::new(CONTINUED, json!({}));
            more.signer = signer.clone();
            state_in(&mut more, chunk);
            more
        }));
        Ok(acts.into_iter())
    }
}

fn state_in(act: &mut Act, states: &[State]) {
    if !act.detail.is_object() {
        act.detail = json!({});
    }
    act.detail[STATES] = states.iter().map(State::to_value).collect();
}

impl Table {
    fn refused(&self, key: &str, found: bool) -> VaultError {
        VaultError::NotStated {
            table: self.name,
            row: format!("{} {}", self.noun, printable(key)),
            missing: !found,
        }
    }
}

/// A row of `member` that is not what the replayed ledger says.
pub(crate) fn member_refused(id: &str, found: bool) -> VaultError {
    VaultError::NotStated {
        table: "member",
        row: format!("member {}", printable(id)),
        missing: !found,
    }
}

/// An incident whose rows are not what its entries say.
pub(crate) fn incident_refused(id: &str) -> VaultError {
    VaultError::NotStated {
        table: "incident",
        row: format!("incident {}", printable(id)),
        missing: false,
    }
}

/// A row of `incident_event` that is not what its entry says.
pub(crate) fn event_refused(incident: &str, number: usize, found: bool) -> VaultError {
    VaultError::NotStated {
        table: "incident_event",
        row: format!("event {number} of {}", printable(incident)),
        missing: !found,
    }
}

/// A key as it may be shown: whoever plants a row chooses its key.
fn printable(key: &str) -> String {
    let mut out = String::new();
    for (at, c) in key.replace('\'', "").chars().enumerate() {
        match c {
            _ if at == 80 => {
                out.push('…');
                break;
            }
            c if c == ' ' || c.is_ascii_graphic() => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out
}

/// Rows of one table as they are read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    statements: &'a Statements,
    table: &'static Table,
    seen: BTreeSet<String>,
    spelled: content::Spelled,
}

impl Reading<'_> {
    /// Compares a row that was selected with [`Table::stated_columns`].
    pub(crate) fn row(&mut self, row: &sqlx::sqlite::SqliteRow) -> Result<(), VaultError> {
        self.spelled.read(self.table, row)?;
        let (key, content) = (&self.spelled.key, &self.spelled.content);
        let stated = self.statements.stated();
        let digest = self.statements.digest(self.table, content);
        if stated.begun && stated.of(self.table, key) != Some(&digest) {
            return Err(self.table.refused(key, true));
        }
        drop(stated);
        self.seen.insert(key.clone());
        Ok(())
    }

    /// The same for a row of the writing connection.
    pub(crate) fn own_row(&mut self, row: &rusqlite::Row<'_>) -> Result<(), VaultError> {
        self.spelled.read_own(self.table, row)?;
        let (key, content) = (&self.spelled.key, &self.spelled.content);
        let digest = self.statements.digest(self.table, content);
        let begun = self.statements.begun();
        if begun && self.statements.of_writer(self.table, key) != Some(digest) {
            return Err(self.table.refused(key, true));
        }
        self.seen.insert(key.clone());
        Ok(())
    }

    /// Every row of the table was read.
    pub(crate) fn all(self) -> Result<(), VaultError> {
        self.none_left(|rows| rows.keys().collect())
    }

    /// Every row whose key begins with these columns was read.
    pub(crate) fn all_beginning(self, parts: &[KeyPart<'_>]) -> Result<(), VaultError> {
        self.has_all_beginning(parts)
    }

    /// The same, with more to be compared.
    pub(crate) fn has_all_beginning(&self, parts: &[KeyPart<'_>]) -> Result<(), VaultError> {
        let prefix = self.table.key(parts);
        let longer = format!("{prefix} ");
        self.none_left(|rows| {
            let exact = rows.get_key_value(&prefix).map(|(key, _)| key);
            let from = rows.range(longer.clone()..).map(|(key, _)| key);
            from.take_while(|key| key.starts_with(&longer))
                .chain(exact)
                .collect()
        })
    }

    fn none_left(
        &self,
        wanted: impl FnOnce(&BTreeMap<String, RowDigest>) -> Vec<&String>,
    ) -> Result<(), VaultError> {
        let stated = self.statements.stated();
        if !stated.begun {
            return Ok(());
        }
        let Some(rows) = stated.rows.get(self.table.name) else {
            return Ok(());
        };
        match wanted(rows)
            .into_iter()
            .find(|key| !self.seen.contains(*key))
        {
            None => Ok(()),
            Some(key) => Err(self.table.refused(key, false)),
        }
    }
}

/// Makes the triggers that note what a transaction changes.
///
/// Triggers of the database itself are switched off: this program makes none, and one that somebody planted would write
/// rows in our name.
pub(crate) fn watch(conn: &Connection) -> rusqlite::Result<()> {
    use rusqlite::config::DbConfig;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    let mut sql =
        "CREATE TEMP TABLE changed (name TEXT NOT NULL, key TEXT NOT NULL, was TEXT, is_now TEXT,
                     PRIMARY KEY (name, key)) WITHOUT ROWID;"
            .to_owned();
    for table in TABLES {
        let name = table.name;
        for (event, was, now, row) in [
            ("INSERT", None, Some("NEW."), "NEW."),
            ("UPDATE", Some("OLD."), Some("NEW."), "OLD."),
            ("DELETE", Some("OLD."), None, "OLD."),
        ] {
            let content = |row: Option<&str>| match row {
                None => "NULL".to_owned(),
                Some(row) => format!(
                    "CASE WHEN {} THEN {} END",
                    table.when_of(row),
                    table.content_of(row)
                ),
            };
            let key = table.key_of(row);
            let any: Vec<String> = [was, now]
                .into_iter()
                .flatten()
                .map(|r| table.when_of(r))
                .collect();
            sql += &format!(
                "CREATE TEMP TRIGGER {event}_{name} AFTER {event} ON main.{name} WHEN {} BEGIN
                   INSERT INTO changed (name, key, was) SELECT '{name}', {key}, {}
                     WHERE NOT EXISTS (SELECT 1 FROM changed WHERE name = '{name}' AND key = {key});
                   UPDATE changed SET is_now = {} WHERE name = '{name}' AND key = {key};
                 END;",
                any.join(" OR "),
                content(was),
                content(now),
            );
        }
    }
    conn.execute_batch(&sql)
}

/// Forgets what earlier transactions changed.
pub(crate) fn forget(conn: &Connection) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM temp.changed")?
        .execute([])
        .map(drop)
}

/// Refuses a transaction without an act that changed rows which only an act may change.
pub(crate) fn none_changed(conn: &Connection) -> Result<(), VaultError> {
    let mut statement = conn.prepare_cached("SELECT name FROM temp.changed LIMIT 1")?;
    let found: Option<String> =
        rusqlite::OptionalExtension::optional(statement.query_row([], |row| row.get(0)))?;
    match found {
        None => Ok(()),
        Some(table) => Err(VaultError::Act {
            kind: table,
            reason: "its rows change with an act only".to_owned(),
        }),
    }
}
