-- Schema 2: what of a conversation is sent, what of it was summarised and can be found again, and what an
-- attempt was priced with.

-- The strategy's word and its limits; NULL: none of its own.
ALTER TABLE conversations ADD COLUMN history TEXT NOT NULL DEFAULT 'truncate';
ALTER TABLE conversations ADD COLUMN history_messages INTEGER;
ALTER TABLE conversations ADD COLUMN history_tokens INTEGER;
ALTER TABLE conversations ADD COLUMN history_everywhere INTEGER NOT NULL DEFAULT 0;

-- Micro-dollars per million tokens, as they were known then; NULL is unknown.
ALTER TABLE requests ADD COLUMN price_input INTEGER;
ALTER TABLE requests ADD COLUMN price_output INTEGER;
ALTER TABLE requests ADD COLUMN price_cached_input INTEGER;
ALTER TABLE requests ADD COLUMN price_cache_write INTEGER;

-- What the user decided of single messages. By their ids, since one may be marked before it is saved.
CREATE TABLE marks (
    key          INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    message      BLOB NOT NULL CHECK (length(message) = 16),
    mark         TEXT NOT NULL CHECK (mark IN ('pinned', 'left_out')),
    UNIQUE (conversation, message)
) STRICT;

-- In the order of `key`; one that was undone is gone.
CREATE TABLE summaries (
    key          INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    -- The last message that it covers.
    upto         BLOB NOT NULL CHECK (length(upto) = 16),
    text         TEXT NOT NULL,
    provider     TEXT NOT NULL,
    model        TEXT NOT NULL,
    created_ms   INTEGER NOT NULL,
    automatic    INTEGER NOT NULL
) STRICT;

CREATE INDEX summaries_by_conversation ON summaries (conversation, key);

-- Schema 1 never wrote to its own.
DROP TABLE embeddings;

CREATE TABLE embeddings (
    key      INTEGER PRIMARY KEY,
    message  INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    model    TEXT NOT NULL,
    dims     INTEGER NOT NULL,
    -- Little-endian f32.
    vector   BLOB NOT NULL CHECK (length(vector) = dims * 4),
    UNIQUE (message, provider, model, dims)
) STRICT;
