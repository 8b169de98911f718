-- Schema 3: what a conversation decided of its tools, and the shape that it asks its answers in.

-- JSON; empty: nothing was decided.
ALTER TABLE conversations ADD COLUMN tools TEXT NOT NULL DEFAULT '';
-- JSON; empty: plain text.
ALTER TABLE conversations ADD COLUMN format TEXT NOT NULL DEFAULT '';
-- Where the tool of a result came from: JSON, NULL for all that is no result.
ALTER TABLE messages ADD COLUMN origin TEXT;
