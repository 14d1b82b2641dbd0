//! What a row says, spelled here as [`Table::key_of`] and [`Table::content_of`] spell it in SQL.
//!
//! Triggers have to spell it in SQL. A reader has the values at hand anyway, and in SQL each row costs dozens of pieces of
//! memory, each of which SQLCipher locks and unlocks.

use data_encoding::HEXUPPER;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode as _, Row as _, TypeInfo as _, ValueRef as _};

use super::Table;
use crate::VaultError;

/// Names of the columns of [`Table::stated_columns`]; as many as the widest table has.
const NAMES: [&str; 20] = [
    "stated_0",
    "stated_1",
    "stated_2",
    "stated_3",
    "stated_4",
    "stated_5",
    "stated_6",
    "stated_7",
    "stated_8",
    "stated_9",
    "stated_10",
    "stated_11",
    "stated_12",
    "stated_13",
    "stated_14",
    "stated_15",
    "stated_16",
    "stated_17",
    "stated_18",
    "stated_19",
];

/// One value as SQLite stores it.
#[derive(Clone, Copy, Debug)]
enum Stored<'r> {
    Null,
    Integer(i64),
    Text(&'r [u8]),
    Blob(&'r [u8]),
    /// No column of a stated table is of another type.
    Otherwise,
}

/// Key and content of the row that was read last.
#[derive(Debug, Default)]
pub(super) struct Spelled {
    pub(super) key: String,
    pub(super) content: String,
}

impl Table {
    /// More columns for a `SELECT`, for [`Reading`](super::Reading): what the row says. `row` is empty or an alias with its
    /// dot.
    pub(crate) fn stated_columns(&self, row: &str) -> String {
        let columns: Vec<String> = (self.columns.iter().zip(NAMES))
            .map(|(column, name)| format!("{row}{column} AS {name}"))
            .collect();
        columns.join(", ")
    }
}

impl Spelled {
    pub(super) fn read(&mut self, table: &Table, row: &SqliteRow) -> Result<(), VaultError> {
        self.of(table, |name| {
            let value = row.try_get_raw(name)?;
            if value.is_null() {
                return Ok(Stored::Null);
            }
            let kind = value.type_info();
            let unread = |e| VaultError::from(sqlx::Error::Decode(e));
            Ok(match kind.name() {
                "INTEGER" => Stored::Integer(i64::decode(value).map_err(unread)?),
                "TEXT" => Stored::Text(<&[u8]>::decode(value).map_err(unread)?),
                "BLOB" => Stored::Blob(<&[u8]>::decode(value).map_err(unread)?),
                _ => Stored::Otherwise,
            })
        })
    }

    /// The same of a row of the writing connection.
    pub(super) fn read_own(
        &mut self,
        table: &Table,
        row: &rusqlite::Row<'_>,
    ) -> Result<(), VaultError> {
        use rusqlite::types::ValueRef;
        self.of(table, |name| {
            Ok(match row.get_ref(name)? {
                ValueRef::Null => Stored::Null,
                ValueRef::Integer(number) => Stored::Integer(number),
                ValueRef::Text(text) => Stored::Text(text),
                ValueRef::Blob(bytes) => Stored::Blob(bytes),
                ValueRef::Real(_) => Stored::Otherwise,
            })
        })
    }

    fn of<'r>(
        &mut self,
        table: &Table,
        mut value: impl FnMut(&'static str) -> Result<Stored<'r>, VaultError>,
    ) -> Result<(), VaultError> {
        let Self { key, content } = self;
        key.clear();
        content.clear();
        for (column, name) in table.columns.iter().zip(NAMES) {
            let number;
            let (kind, bytes) = match value(name)? {
                Stored::Null => continue,
                Stored::Integer(n) => {
                    number = n.to_string();
                    ("integer", number.as_bytes())
                }
                Stored::Text(text) => ("text", text),
                Stored::Blob(bytes) => ("blob", bytes),
                // Then it is not what was stated.
                Stored::Otherwise => ("real", &b""[..]),
            };
            content.push_str(column);
            content.push(':');
            content.push_str(kind);
            content.push(':');
            HEXUPPER.encode_append(bytes, content);
            content.push(';');
        }
        for (at, column) in table.key.iter().enumerate() {
            if at > 0 {
                key.push(' ');
            }
            let place = table.columns.iter().position(|other| other == column);
            let name = place.and_then(|place| NAMES.get(place));
            match name.map_or(Ok(Stored::Null), |name| value(name))? {
                Stored::Integer(n) => key.push_str(&n.to_string()),
                Stored::Text(text) => {
                    // As `quote()` has it, which ends at a NUL.
                    let end = text.iter().position(|byte| *byte == 0);
                    let text = String::from_utf8_lossy(&text[..end.unwrap_or(text.len())]);
                    key.push('\'');
                    key.push_str(&text.replace('\'', "''"));
                    key.push('\'');
                }
                Stored::Blob(bytes) => {
                    key.push_str("X'");
                    HEXUPPER.encode_append(bytes, key);
                    key.push('\'');
                }
                Stored::Null => key.push_str("NULL"),
                Stored::Otherwise => key.push('?'),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::super::{TABLES, Table, adopt};
    use super::*;
    use crate::keys::Role;

    static ODD: Table = Table {
        name: "odd",
        noun: "odd row",
        key: &["b", "a"],
        columns: &["a", "b", "c"],
        when: None,
        by: &[Role::Custodian],
    };

    #[test]
    fn every_table_has_names_enough() {
        assert!(
            TABLES
                .iter()
                .all(|table| table.columns.len() <= NAMES.len())
        );
    }

    #[tokio::test]
    async fn a_row_is_spelled_as_sql_spells_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("odd.db");
        let conn = Connection::open(&path).expect("a database");
        conn.execute_batch(
            "CREATE TABLE odd (a ANY, b ANY, c ANY) STRICT;
             INSERT INTO odd VALUES (1, 'one', NULL), (-9223372036854775808, '', x''),
               (9223372036854775807, 'it''s \u{e4} \u{1F511}', x'00ff41'), ('1', '1', '1'), (1, 1, 1), (NULL, NULL, NULL),
               (x'5f', 'a' || char(0) || 'b', '{\"json\":[1,2]}' || char(10)), ('a b', ' ', 'B' || char(0));",
        )
        .expect("rows");
        let mut expected = Vec::new();
        adopt::each_row(&conn, &ODD, |key, content| expected.push((key, content))).expect("read");
        assert_eq!(expected.len(), 8);

        let sql = format!("SELECT c, {} FROM odd AS o", ODD.stated_columns("o."));
        let mut statement = conn.prepare(&sql).expect("prepared");
        let mut rows = statement.query([]).expect("rows");
        let (mut own, mut spelled) = (Vec::new(), Spelled::default());
        while let Some(row) = rows.next().expect("a row") {
            spelled.read_own(&ODD, row).expect("spelled");
            own.push((spelled.key.clone(), spelled.content.clone()));
        }
        assert_eq!(own, expected);

        let address = format!("sqlite:{}", path.display());
        let pool = sqlx::SqlitePool::connect(&address);
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .fetch_all(&pool.await.expect("a pool"))
            .await
            .expect("rows");
        let read = rows.iter().map(|row| {
            spelled.read(&ODD, row).expect("spelled");
            (spelled.key.clone(), spelled.content.clone())
        });
        assert_eq!(read.collect::<Vec<_>>(), expected);
    }
}
