//! One function for each kind of write, all inside the caller's transaction. Owns the rules of what a write
//! means where the row is there already, or is gone.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::fault::Fault;
use super::rows::{self, execute, written};
use super::{embeddings, ledger, notes, search};
use crate::chat::ledger::LedgerOpening;
use crate::chat::{ConversationId, ConversationMeta, History, Message, MessageId, MetaPart, Role, Status};
use crate::store::fold::fold;
use crate::store::{Cap, Reservation, StoreError, Write};

/// Who writes, and when as far as is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer {
    pub instance: Uuid,
    /// The latest time that was seen, at the opening or in a write: a deletion carries none of its own.
    pub seen_ms: i64,
}

impl Writer {
    pub fn apply(&mut self, conn: &Connection, write: &Write) -> Result<(), Fault> {
        match write {
            Write::PutConversation(meta) => self.put(conn, meta)?,
            Write::TouchConversation(meta) => self.touch(conn, meta)?,
            Write::ChangeConversation { meta, part } => self.change(conn, meta, *part)?,
            Write::PatchConversation { id, title, pinned } => patch(conn, *id, title.as_deref(), *pinned)?,
            Write::DeleteConversation(id) => execute(
                conn,
                "UPDATE conversations SET deleted_ms = ?2 WHERE id = ?1 AND deleted_ms IS NULL",
                params![id.0.as_bytes(), self.seen_ms],
            )?,
            Write::UndeleteConversation(id) => {
                execute(conn, "UPDATE conversations SET deleted_ms = NULL WHERE id = ?1", [id.0.as_bytes()])?;
            }
            Write::PurgeDeleted { before_ms } => purge(conn, *before_ms)?,
            Write::AddMessage(message) => self.add(conn, message)?,
            Write::AppendChunk { message, text, reasoning } => append(conn, *message, text, reasoning)?,
            Write::FinishMessage(message) => self.finish(conn, message)?,
            Write::OpenAttempt(opening) => {
                self.see(opening.at_ms);
                ledger::open(conn, opening, self.instance)?;
            }
            Write::CloseAttempt(closing) => ledger::close(conn, closing)?,
            Write::PutDraft { conversation, text } => put_draft(conn, *conversation, text)?,
            Write::SetMark { conversation, message, mark } => notes::set_mark(conn, *conversation, *message, *mark)?,
            Write::PutSummary { conversation, summary } => notes::put_summary(conn, *conversation, summary)?,
            Write::DropSummary(id) => notes::drop_summary(conn, *id)?,
            Write::PutEmbeddings { with, vectors } => embeddings::put(conn, with, vectors)?,
            Write::NameRun { id, name } => execute(
                conn,
                "INSERT INTO runs (id, name) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
                params![id.0.as_bytes(), name],
            )?,
            Write::AddInputHistory { text, at_ms } => {
                self.see(*at_ms);
                add_input(conn, text, *at_ms)?;
            }
        }
        Ok(())
    }

    /// See [`crate::store::Store::reserve`].
    pub fn reserve(
        &mut self,
        conn: &Connection,
        opening: &LedgerOpening,
        caps: &[Cap],
    ) -> rusqlite::Result<Reservation> {
        self.see(opening.at_ms);
        ledger::reserve(conn, opening, caps, self.instance)
    }

    /// Takes note of a time that a write carried.
    fn see(&mut self, at_ms: i64) {
        self.seen_ms = self.seen_ms.max(at_ms);
    }

    fn put(&mut self, conn: &Connection, meta: &ConversationMeta) -> Result<(), Fault> {
        let replace = "title = excluded.title, folded_title = excluded.folded_title, \
                titled_by_user = excluded.titled_by_user, provider = excluded.provider, model = excluded.model, \
                system = excluded.system, temperature = excluded.temperature, max_tokens = excluded.max_tokens, \
                history = excluded.history, history_messages = excluded.history_messages, \
                history_tokens = excluded.history_tokens, history_everywhere = excluded.history_everywhere, \
                tools = excluded.tools, format = excluded.format, \
                pinned = excluded.pinned, created_ms = excluded.created_ms, updated_ms = excluded.updated_ms, \
                changed = iif(updated_ms = excluded.updated_ms, changed, excluded.changed)";
        self.insert(conn, meta, replace)
    }

    fn touch(&mut self, conn: &Connection, meta: &ConversationMeta) -> Result<(), Fault> {
        let update = "title = iif(title = '' AND NOT titled_by_user, excluded.title, title), \
             folded_title = iif(title = '' AND NOT titled_by_user, excluded.folded_title, folded_title), \
             updated_ms = max(updated_ms, excluded.updated_ms), changed = excluded.changed";
        self.insert(conn, meta, update)
    }

    /// Creates a conversation, or does what `update` says where it is there.
    fn insert(&mut self, conn: &Connection, meta: &ConversationMeta, update: &str) -> Result<(), Fault> {
        self.see(meta.updated_ms);
        let sql = format!(
            "INSERT INTO conversations (id, title, folded_title, titled_by_user, provider, model, system, \
             temperature, max_tokens, pinned, created_ms, updated_ms, history, history_messages, history_tokens, \
             history_everywhere, tools, format, changed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
             ?14, ?15, ?16, ?17, ?18, \
                (SELECT coalesce(max(changed), 0) + 1 FROM conversations)) \
             ON CONFLICT (id) DO UPDATE SET {update}"
        );
        let row = params![
            meta.id.0.as_bytes(),
            meta.title,
            fold(&meta.title),
            meta.titled_by_user,
            meta.model.provider,
            meta.model.id,
            meta.system,
            meta.temperature.map(f64::from),
            meta.max_tokens,
            meta.pinned,
            meta.created_ms,
            meta.updated_ms,
            meta.history.strategy.as_str(),
            meta.history.max_messages,
            meta.history.max_tokens.map(u64::cast_signed),
            meta.history.everywhere,
            written(&meta.tools),
            written(&meta.format),
        ];
        Ok(execute(conn, &sql, row)?)
    }

    fn change(&mut self, conn: &Connection, meta: &ConversationMeta, part: MetaPart) -> Result<(), Fault> {
        self.see(meta.updated_ms);
        let (id, temperature) = (meta.id.0.as_bytes(), meta.temperature.map(f64::from));
        match part {
            MetaPart::Title => execute(
                conn,
                "UPDATE conversations SET title = ?2, folded_title = ?3, titled_by_user = ?4 WHERE id = ?1",
                params![id, meta.title, fold(&meta.title), meta.titled_by_user],
            ),
            MetaPart::Model => execute(
                conn,
                "UPDATE conversations SET provider = ?2, model = ?3 WHERE id = ?1",
                params![id, meta.model.provider, meta.model.id],
            ),
            MetaPart::System => {
                execute(conn, "UPDATE conversations SET system = ?2 WHERE id = ?1", params![id, meta.system])
            }
            MetaPart::Temperature => {
                execute(conn, "UPDATE conversations SET temperature = ?2 WHERE id = ?1", params![id, temperature])
            }
            MetaPart::MaxTokens => {
                execute(conn, "UPDATE conversations SET max_tokens = ?2 WHERE id = ?1", params![id, meta.max_tokens])
            }
            MetaPart::History => change_history(conn, id, &meta.history),
            MetaPart::Tools => {
                execute(conn, "UPDATE conversations SET tools = ?2 WHERE id = ?1", params![id, written(&meta.tools)])
            }
            MetaPart::Format => {
                execute(conn, "UPDATE conversations SET format = ?2 WHERE id = ?1", params![id, written(&meta.format)])
            }
            MetaPart::Pinned => {
                execute(conn, "UPDATE conversations SET pinned = ?2 WHERE id = ?1", params![id, meta.pinned])
            }
        }?;
        let changed = "UPDATE conversations SET updated_ms = max(updated_ms, ?2), \
             changed = (SELECT max(changed) + 1 FROM conversations) WHERE id = ?1";
        Ok(execute(conn, changed, params![id, meta.updated_ms])?)
    }

    fn add(&mut self, conn: &Connection, message: &Message) -> Result<(), Fault> {
        if place_of(conn, message.id)?.is_some() {
            return Ok(());
        }
        self.see(message.created_ms);
        let Some(key) = rows::key_of(conn, message.conversation)? else {
            return Err(StoreError::NoConversation(message.conversation).into());
        };
        let seq = rows::insert(conn, key, message, self.owner_of(message))?;
        // Deleted in one window, written to in another: what was said last holds.
        let revives = message.role == Role::User;
        execute(
            conn,
            "UPDATE conversations SET messages = messages + 1, \
                changed = (SELECT max(changed) + 1 FROM conversations), \
                deleted_ms = iif(?2, NULL, deleted_ms) WHERE key = ?1",
            params![key, revives],
        )?;
        index_finished(conn, seq, message)
    }

    fn finish(&mut self, conn: &Connection, message: &Message) -> Result<(), Fault> {
        match place_of(conn, message.id)? {
            None => self.add(conn, message),
            Some((seq, true)) => {
                rows::replace(conn, seq, message, self.owner_of(message))?;
                execute(conn, "DELETE FROM chunks WHERE message = ?1", [seq])?;
                index_finished(conn, seq, message)
            }
            // Append-only: what has ended never changes.
            Some((_, false)) => Ok(()),
        }
    }

    fn owner_of(&self, message: &Message) -> Option<Uuid> {
        (message.status == Status::Streaming).then_some(self.instance)
    }
}

fn change_history(conn: &Connection, id: &[u8; 16], history: &History) -> rusqlite::Result<()> {
    let tokens = history.max_tokens.map(u64::cast_signed);
    execute(
        conn,
        "UPDATE conversations SET history = ?2, history_messages = ?3, history_tokens = ?4, history_everywhere = ?5 \
            WHERE id = ?1",
        params![id, history.strategy.as_str(), history.max_messages, tokens, history.everywhere],
    )
}

fn patch(conn: &Connection, id: ConversationId, title: Option<&str>, pinned: Option<bool>) -> Result<(), Fault> {
    let sql = "UPDATE conversations SET title = coalesce(?2, title), folded_title = coalesce(?3, folded_title), \
         titled_by_user = iif(?2 IS NULL, titled_by_user, 1), pinned = coalesce(?4, pinned) WHERE id = ?1";
    Ok(execute(conn, sql, params![id.0.as_bytes(), title, title.map(fold), pinned])?)
}

/// Indexes a message that will not change any more.
pub(super) fn index_finished(conn: &Connection, seq: i64, message: &Message) -> Result<(), Fault> {
    if message.status != Status::Streaming {
        search::index(conn, seq, &message.content)?;
    }
    Ok(())
}

/// Where a message stands in the sequence, and whether it is streaming.
fn place_of(conn: &Connection, id: MessageId) -> rusqlite::Result<Option<(i64, bool)>> {
    let mut statement = conn.prepare_cached("SELECT seq, status = 'streaming' FROM messages WHERE id = ?1")?;
    statement.query_row([id.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

fn append(conn: &Connection, id: MessageId, text: &str, reasoning: &str) -> Result<(), Fault> {
    match place_of(conn, id)? {
        None => Err(StoreError::Other(format!("no message {id} is saved that text could be added to")).into()),
        Some((_, false)) => Ok(()),
        Some((seq, true)) => Ok(execute(
            conn,
            "INSERT INTO chunks (message, text, reasoning) VALUES (?1, ?2, ?3)",
            params![seq, text, reasoning],
        )?),
    }
}

/// Removes what was deleted long enough ago; never a conversation that a reply is still streaming into.
fn purge(conn: &Connection, before_ms: i64) -> Result<(), Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT key, id FROM conversations WHERE deleted_ms IS NOT NULL AND deleted_ms < ?1 \
            AND key NOT IN (SELECT conversation FROM messages WHERE status = 'streaming')",
    )?;
    let gone: Vec<(i64, ConversationId)> = statement
        .query_map([before_ms], |row| Ok((row.get(0)?, rows::conversation_id(row, 1)?)))?
        .collect::<Result<_, _>>()?;
    for (key, id) in gone {
        execute(
            conn,
            "DELETE FROM message_text WHERE rowid IN (SELECT seq FROM messages WHERE conversation = ?1)",
            [key],
        )?;
        execute(conn, "DELETE FROM messages WHERE conversation = ?1", [key])?;
        execute(conn, "DELETE FROM conversations WHERE key = ?1", [key])?;
        execute(conn, "DELETE FROM drafts WHERE conversation = ?1", [id.0.as_bytes()])?;
    }
    Ok(())
}

fn put_draft(conn: &Connection, conversation: Option<ConversationId>, text: &str) -> Result<(), Fault> {
    let key = draft_key(conversation.as_ref());
    if text.is_empty() {
        execute(conn, "DELETE FROM drafts WHERE conversation = ?1", [key])?;
    } else {
        execute(
            conn,
            "INSERT INTO drafts (conversation, text) VALUES (?1, ?2) \
                ON CONFLICT (conversation) DO UPDATE SET text = excluded.text",
            params![key, text],
        )?;
    }
    Ok(())
}

/// The new, unsaved conversation has the empty key.
pub(super) fn draft_key(conversation: Option<&ConversationId>) -> &[u8] {
    conversation.map_or(&[], |id| id.0.as_bytes())
}

fn add_input(conn: &Connection, text: &str, at_ms: i64) -> Result<(), Fault> {
    if !text.is_empty() {
        execute(
            conn,
            "INSERT INTO input_history (text, at_ms) SELECT ?1, ?2 \
                WHERE ?1 IS NOT (SELECT text FROM input_history ORDER BY seq DESC LIMIT 1)",
            params![text, at_ms],
        )?;
    }
    Ok(())
}
