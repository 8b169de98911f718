-- Schema 4: running sums of the ledger, since to add up its rows at every attempt takes the longer the more there are;
-- and what the runs of batches are called.

-- What counts against a cap: the cost once it is known, until then the most it can be.
ALTER TABLE requests ADD COLUMN counted INTEGER
    GENERATED ALWAYS AS (coalesce(iif(closed = 1, cost, NULL), reserved, 0)) VIRTUAL;
-- What was spent for certain, and whether it was more.
ALTER TABLE requests ADD COLUMN spent INTEGER
    GENERATED ALWAYS AS (coalesce(iif(closed = 1, cost, NULL), 0)) VIRTUAL;
ALTER TABLE requests ADD COLUMN unknown INTEGER
    GENERATED ALWAYS AS (closed = 1 AND cost IS NULL) VIRTUAL;

-- Pico-dollars, of which the upper and the lower 32 bits are summed each for themselves, so that none overflows;
-- and how many closed rows have no known cost. Written by the triggers below alone.
CREATE TABLE sums_by_day (
    day          TEXT NOT NULL,
    rate         INTEGER NOT NULL,
    counted_high INTEGER NOT NULL,
    counted_low  INTEGER NOT NULL,
    spent_high   INTEGER NOT NULL,
    spent_low    INTEGER NOT NULL,
    unknown      INTEGER NOT NULL,
    PRIMARY KEY (day, rate)
) STRICT, WITHOUT ROWID;

CREATE TABLE sums_by_conversation (
    conversation BLOB NOT NULL CHECK (length(conversation) = 16),
    rate         INTEGER NOT NULL,
    counted_high INTEGER NOT NULL,
    counted_low  INTEGER NOT NULL,
    spent_high   INTEGER NOT NULL,
    spent_low    INTEGER NOT NULL,
    unknown      INTEGER NOT NULL,
    PRIMARY KEY (conversation, rate)
) STRICT, WITHOUT ROWID;

INSERT INTO sums_by_day
    SELECT day, rate, sum(counted >> 32), sum(counted & 4294967295), sum(spent >> 32), sum(spent & 4294967295),
        sum(unknown) FROM requests GROUP BY day, rate;

INSERT INTO sums_by_conversation
    SELECT conversation, rate, sum(counted >> 32), sum(counted & 4294967295), sum(spent >> 32),
        sum(spent & 4294967295), sum(unknown) FROM requests GROUP BY conversation, rate;

-- What is put into this is added to both.
CREATE VIEW sums_changes AS SELECT NULL AS day, NULL AS conversation, NULL AS rate, NULL AS counted_high,
    NULL AS counted_low, NULL AS spent_high, NULL AS spent_low, NULL AS unknown;

CREATE TRIGGER sums_changed INSTEAD OF INSERT ON sums_changes BEGIN
    INSERT INTO sums_by_day VALUES (NEW.day, NEW.rate, NEW.counted_high, NEW.counted_low, NEW.spent_high,
            NEW.spent_low, NEW.unknown)
        ON CONFLICT (day, rate) DO UPDATE SET counted_high = counted_high + excluded.counted_high,
            counted_low = counted_low + excluded.counted_low, spent_high = spent_high + excluded.spent_high,
            spent_low = spent_low + excluded.spent_low, unknown = unknown + excluded.unknown;
    INSERT INTO sums_by_conversation VALUES (NEW.conversation, NEW.rate, NEW.counted_high, NEW.counted_low,
            NEW.spent_high, NEW.spent_low, NEW.unknown)
        ON CONFLICT (conversation, rate) DO UPDATE SET counted_high = counted_high + excluded.counted_high,
            counted_low = counted_low + excluded.counted_low, spent_high = spent_high + excluded.spent_high,
            spent_low = spent_low + excluded.spent_low, unknown = unknown + excluded.unknown;
END;

CREATE TRIGGER requests_added AFTER INSERT ON requests BEGIN
    INSERT INTO sums_changes VALUES (NEW.day, NEW.conversation, NEW.rate, NEW.counted >> 32,
        NEW.counted & 4294967295, NEW.spent >> 32, NEW.spent & 4294967295, NEW.unknown);
END;

CREATE TRIGGER requests_removed AFTER DELETE ON requests BEGIN
    INSERT INTO sums_changes VALUES (OLD.day, OLD.conversation, OLD.rate, -(OLD.counted >> 32),
        -(OLD.counted & 4294967295), -(OLD.spent >> 32), -(OLD.spent & 4294967295), -OLD.unknown);
END;

-- Of a row that stays where it is, as munshi's own do, the difference.
CREATE TRIGGER requests_changed AFTER UPDATE OF closed, cost, reserved ON requests
    WHEN OLD.day = NEW.day AND OLD.conversation = NEW.conversation AND OLD.rate = NEW.rate
BEGIN
    INSERT INTO sums_changes VALUES (NEW.day, NEW.conversation, NEW.rate, (NEW.counted >> 32) - (OLD.counted >> 32),
        (NEW.counted & 4294967295) - (OLD.counted & 4294967295), (NEW.spent >> 32) - (OLD.spent >> 32),
        (NEW.spent & 4294967295) - (OLD.spent & 4294967295), NEW.unknown - OLD.unknown);
END;

CREATE TRIGGER requests_moved AFTER UPDATE OF day, conversation, rate ON requests
    WHEN OLD.day <> NEW.day OR OLD.conversation <> NEW.conversation OR OLD.rate <> NEW.rate
BEGIN
    INSERT INTO sums_changes VALUES (OLD.day, OLD.conversation, OLD.rate, -(OLD.counted >> 32),
        -(OLD.counted & 4294967295), -(OLD.spent >> 32), -(OLD.spent & 4294967295), -OLD.unknown);
    INSERT INTO sums_changes VALUES (NEW.day, NEW.conversation, NEW.rate, NEW.counted >> 32,
        NEW.counted & 4294967295, NEW.spent >> 32, NEW.spent & 4294967295, NEW.unknown);
END;

-- What is left to the indexes is to find the rows of a report.
DROP INDEX requests_by_day;
DROP INDEX requests_by_conversation;
CREATE INDEX requests_by_day ON requests (day);

-- A run's attempts are booked under its id, as a conversation's are under that one's.
CREATE TABLE runs (
    key  INTEGER PRIMARY KEY,
    id   BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    name TEXT NOT NULL
) STRICT;
