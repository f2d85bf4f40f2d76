-- What was worked out once and need not be worked out again. Derived from git and the rules:
-- delete the file whenever you like.
CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the newest rules have the highest
    digest TEXT NOT NULL UNIQUE           -- of the rules, the house style, the language and zone
);
CREATE TABLE answer (
    rules INTEGER NOT NULL, -- the rules under which it holds
    first TEXT NOT NULL,    -- full hash of a blob
    second TEXT NOT NULL,   -- of the blob it is compared with, or when a revision brought the first
    answer TEXT NOT NULL,   -- JSON
    PRIMARY KEY (rules, first, second)
) WITHOUT ROWID;
