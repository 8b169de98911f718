//! Settling what a dead instance left: its streaming replies and its open ledger rows. Never touches what
//! belongs to the living.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

use super::fault::Fault;
use super::rows::{self, MESSAGE, Stored};
use super::{instance, ledger, write};
use crate::chat::{Message, Status};

/// What a reply says of itself that ended with its process.
const NOTE: &str = "munshi was closed before the reply was complete";

/// Settles all that the dead among the owners left; returns how many dead there were.
pub(super) fn settle_the_dead(conn: &mut Connection, folder: &Path, me: Uuid) -> Result<usize, Fault> {
    let mut settled = 0;
    for owner in owners(conn)?.into_iter().filter(|owner| *owner != me) {
        if let Some(grave) = instance::grave(folder, owner) {
            settle(conn, owner)?;
            grave.close();
            settled += 1;
        }
    }
    Ok(settled)
}

/// The instances that have something unfinished, by two small partial indexes.
pub(super) fn owners(conn: &Connection) -> rusqlite::Result<Vec<Uuid>> {
    conn.prepare_cached(
        "SELECT owner FROM messages WHERE status = 'streaming' AND owner IS NOT NULL \
            UNION SELECT owner FROM requests WHERE closed = 0 AND owner IS NOT NULL",
    )?
    .query_map([], |row| rows::uuid(row, 0))?
    .collect()
}

fn settle(conn: &mut Connection, owner: Uuid) -> Result<(), Fault> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for Stored { seq, message, .. } in streaming_of(&tx, owner)? {
        let ended = ended(&tx, seq, message)?;
        rows::replace(&tx, seq, &ended, None)?;
        rows::execute(&tx, "DELETE FROM chunks WHERE message = ?1", [seq])?;
        write::index_finished(&tx, seq, &ended)?;
    }
    ledger::close_all_of(&tx, owner)?;
    Ok(tx.commit()?)
}

fn streaming_of(conn: &Connection, owner: Uuid) -> rusqlite::Result<Vec<Stored>> {
    let sql = format!(
        "SELECT {MESSAGE}, c.id FROM messages m JOIN conversations c ON c.key = m.conversation \
            WHERE m.status = 'streaming' AND m.owner = ?1"
    );
    conn.prepare(&sql)?
        .query_map([owner.as_bytes()], |row| rows::message(row, rows::conversation_id(row, rows::MESSAGE_COLUMNS)?))?
        .collect()
}

fn ended(conn: &Connection, seq: i64, mut message: Message) -> rusqlite::Result<Message> {
    let (text, reasoning) = rows::chunks(conn, seq)?;
    message.content.push_str(&text);
    message.reasoning.push_str(&reasoning);
    message.status = if message.has_substance() { Status::Interrupted } else { Status::Failed };
    message.note.get_or_insert_with(|| NOTE.to_owned());
    Ok(message)
}
