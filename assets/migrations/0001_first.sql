-- Schema 1. A released step is never edited: what must change becomes the next step.
--
-- Identities are UUIDs in 16 bytes. Times are milliseconds since 1970 UTC, and never an order.
-- Counts that are unsigned in the program (tokens, rates) are kept in the same 64 bits.

CREATE TABLE conversations (
    key            INTEGER PRIMARY KEY,
    id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    title          TEXT NOT NULL,
    -- As `store/fold.rs` folds it: what the list's filter is matched in.
    folded_title   TEXT NOT NULL,
    titled_by_user INTEGER NOT NULL,
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    system         TEXT NOT NULL,
    temperature    REAL,
    max_tokens     INTEGER,
    pinned         INTEGER NOT NULL,
    created_ms     INTEGER NOT NULL,
    updated_ms     INTEGER NOT NULL,
    -- Which change this was, counted through all conversations: the order of recency, whatever the clock says.
    changed        INTEGER NOT NULL,
    -- A deletion is a mark until it is purged.
    deleted_ms     INTEGER,
    -- How many messages it has, so that the list need not count.
    messages       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX conversations_by_change ON conversations (changed);
-- Covers the filter, too.
CREATE INDEX conversations_listed ON conversations (pinned DESC, changed DESC, folded_title) WHERE deleted_ms IS NULL;
CREATE INDEX conversations_deleted ON conversations (deleted_ms) WHERE deleted_ms IS NOT NULL;

-- Append-only, a tree by `parent`, in order of `seq`. `owner` is the instance that streams the reply.
CREATE TABLE messages (
    seq              INTEGER PRIMARY KEY AUTOINCREMENT,
    id               BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    conversation     INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    parent           BLOB CHECK (parent IS NULL OR length(parent) = 16),
    role             TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    content          TEXT NOT NULL,
    reasoning        TEXT NOT NULL,
    -- A JSON array; NULL for none.
    tool_calls       TEXT,
    tool_call_id     TEXT,
    status           TEXT NOT NULL CHECK (status IN ('complete', 'streaming', 'interrupted', 'failed')),
    provider         TEXT,
    model            TEXT,
    finish           TEXT,
    input            INTEGER,
    cached_input     INTEGER,
    cache_write      INTEGER,
    output           INTEGER,
    reasoning_tokens INTEGER,
    estimated        INTEGER,
    -- Pico-dollars; NULL is unknown, never 0.
    cost             INTEGER,
    created_ms       INTEGER NOT NULL,
    took_ms          INTEGER,
    note             TEXT,
    owner            BLOB CHECK (owner IS NULL OR length(owner) = 16)
) STRICT;

CREATE INDEX messages_by_conversation ON messages (conversation, seq);
-- Small: what a start must look through for replies that a dead process left.
CREATE INDEX messages_streaming ON messages (owner) WHERE status = 'streaming';

-- A streaming reply's text as it came.
CREATE TABLE chunks (
    seq       INTEGER PRIMARY KEY,
    message   INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
    text      TEXT NOT NULL,
    reasoning TEXT NOT NULL
) STRICT;

CREATE INDEX chunks_by_message ON chunks (message, seq);

-- The ledger: one row for each attempt. It outlives its conversation.
CREATE TABLE requests (
    key              INTEGER PRIMARY KEY,
    reply            BLOB NOT NULL CHECK (length(reply) = 16),
    ordinal          INTEGER NOT NULL,
    conversation     BLOB NOT NULL CHECK (length(conversation) = 16),
    purpose          TEXT NOT NULL,
    provider         TEXT NOT NULL,
    model            TEXT NOT NULL,
    -- The local calendar day, YYYY-MM-DD.
    day              TEXT NOT NULL,
    at_ms            INTEGER NOT NULL,
    -- Millionths of the user's currency for a dollar, as configured then.
    rate             INTEGER NOT NULL,
    -- Pico-dollars, as the cost.
    reserved         INTEGER,
    closed           INTEGER NOT NULL DEFAULT 0,
    outcome          TEXT CHECK (outcome IS NULL OR outcome IN ('complete', 'interrupted', 'failed')),
    input            INTEGER,
    cached_input     INTEGER,
    cache_write      INTEGER,
    output           INTEGER,
    reasoning_tokens INTEGER,
    estimated        INTEGER,
    cost             INTEGER,
    took_ms          INTEGER,
    status           INTEGER,
    request_id       TEXT,
    owner            BLOB CHECK (owner IS NULL OR length(owner) = 16),
    UNIQUE (reply, ordinal)
) STRICT;

-- Both cover the sums.
CREATE INDEX requests_by_day ON requests (day, closed, rate, cost, reserved);
CREATE INDEX requests_by_conversation ON requests (conversation, closed, rate, cost, reserved);
CREATE INDEX requests_open ON requests (owner) WHERE closed = 0;

-- The empty blob stands for the new, unsaved conversation.
CREATE TABLE drafts (
    conversation BLOB PRIMARY KEY,
    text         TEXT NOT NULL
) STRICT;

CREATE TABLE input_history (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    text  TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE embeddings (
    key     INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
    model   TEXT NOT NULL,
    dims    INTEGER NOT NULL,
    -- Little-endian f32.
    vector  BLOB NOT NULL CHECK (length(vector) = dims * 4),
    UNIQUE (message, model)
) STRICT;

-- Finished messages as `store/fold.rs` folds them; the rowid is the message's `seq`. Vowel signs (Mn, Mc)
-- belong to words, which the default would split at them.
CREATE VIRTUAL TABLE message_text USING fts5 (
    text,
    content = '',
    contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
);
