-- What was worked out once and need not be worked out again. Derived from git and the rules:
-- delete the file whenever you like.
CREATE TABLE IF NOT EXISTS meaning (
    rules TEXT NOT NULL,    -- digest of the rules, the house style and the language
    old_blob TEXT NOT NULL, -- full hash; '' for the first version of an article
    new_blob TEXT NOT NULL, -- full hash
    change TEXT NOT NULL,   -- JSON: what the change means, without its edits
    PRIMARY KEY (rules, old_blob, new_blob)
) WITHOUT ROWID;
