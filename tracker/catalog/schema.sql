-- The catalog: derived from git and from the house's rules, disposable. Delete the file whenever
-- you like. The views are for other tools: names, hexadecimal hashes, ISO instants. docs/catalog.md
-- has questions to ask them. Hashes are raw bytes: 20 of SHA-1, 32 of SHA-256. A name of a file, or
-- whatever else is no valid UTF-8, is a BLOB.

-- What is known of the file itself: which history it holds, and up to where.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value -- see catalog/build.py and newsroom/facts.py, which write them
) WITHOUT ROWID;

-- --- the published history: every commit that readers saw, and what it did to which file -------

CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,  -- an author, as git has it
    email TEXT NOT NULL, -- may be empty
    UNIQUE (name, email)
);

-- A published commit.
CREATE TABLE step (
    number INTEGER PRIMARY KEY, -- 1 for the oldest
    hash BLOB NOT NULL,
    at INTEGER NOT NULL,        -- author date, seconds since 1970
    zone INTEGER NOT NULL,      -- the author's offset from UTC, minutes
    person INTEGER NOT NULL,
    subject TEXT NOT NULL       -- first line of the message
);
CREATE INDEX step_at ON step (at);

CREATE TABLE path (
    id INTEGER PRIMARY KEY,
    path NOT NULL UNIQUE,    -- in the repository, with forward slashes
    article INTEGER NOT NULL -- which came there last
);

-- A file, under whatever paths. Every file has a row: a text may once have been none.
CREATE TABLE article (
    id INTEGER PRIMARY KEY,
    path INTEGER NOT NULL,      -- its newest
    blob BLOB NOT NULL,         -- its newest content, ignored commits included
    alive INTEGER NOT NULL,     -- 0: not in the newest commit
    text INTEGER NOT NULL,      -- 1: its name ends as that of a text
    places INTEGER NOT NULL,    -- rows in version
    revisions INTEGER NOT NULL, -- numbered ones among them
    happenings INTEGER NOT NULL,-- rows in event
    shown BLOB,                 -- content of the newest revision; NULL: that of blob
    ended INTEGER,              -- the step that took it away; NULL: it is there
    ended_blob BLOB,            -- what it held then; NULL: that of blob
    name,                       -- by which it may be found again; NULL: it is there
    joined INTEGER              -- the article that it turned out to be; NULL: it is itself
);
CREATE INDEX article_by_name ON article (name) WHERE ended IS NOT NULL;
CREATE INDEX article_by_blob ON article (coalesce(ended_blob, blob)) WHERE ended IS NOT NULL;

-- What the front matter of a file that ended called it: its id, its guid.
CREATE TABLE ended_id (
    id NOT NULL, -- with the name of the key: "guid: post-417"
    article INTEGER NOT NULL,
    PRIMARY KEY (id, article)
) WITHOUT ROWID;

-- A content that an article's file had.
CREATE TABLE version (
    article INTEGER NOT NULL,
    place INTEGER NOT NULL, -- 1 for the oldest
    number INTEGER,         -- of the revision; NULL: the text is that of the revision before
    step INTEGER NOT NULL,
    blob BLOB NOT NULL,
    path INTEGER NOT NULL,  -- at that time
    side BLOB,              -- hashes of commits of a merged branch, newest first, one after another
    written_on BLOB,        -- hashes of the commits of the versions it was written on, oldest first;
                            -- NULL: the version before
    PRIMARY KEY (article, place)
) WITHOUT ROWID;

-- What else happened to an article's file.
CREATE TABLE event (
    article INTEGER NOT NULL,
    place INTEGER NOT NULL, -- 1 for the oldest
    step INTEGER NOT NULL,
    kind TEXT NOT NULL,     -- moved, deleted, returned, ignored
    path INTEGER NOT NULL,  -- after it; for a deletion, the path that ended
    old_path INTEGER,       -- for a move: the path before it
    PRIMARY KEY (article, place)
) WITHOUT ROWID;

-- --- what was worked out about texts and pairs of texts, and need not be worked out again ------

CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the newest rules have the highest
    digest TEXT NOT NULL UNIQUE           -- of the rules, the house style, the language and zone
);
CREATE TABLE answer (
    rules INTEGER NOT NULL, -- the rules under which it holds
    first TEXT NOT NULL,    -- full hash of a blob
    second TEXT NOT NULL,   -- of the blob it is compared with, or when a revision brought the first
    answer TEXT NOT NULL,   -- JSON
    asked BLOB,             -- which sequences of words it looked up, 32 bits each; NULL: none
    PRIMARY KEY (rules, first, second)
) WITHOUT ROWID;

-- --- what the archive repeats from article to article -------------------------------------------

-- counts, standing (the sequences of words that count as repeated), digest (of these), state.
CREATE TABLE boilerplate (key TEXT PRIMARY KEY, value);

-- How many versions of an article were counted.
CREATE TABLE counted (article INTEGER PRIMARY KEY, versions INTEGER NOT NULL);

-- The sentences among it, for people.
CREATE TABLE repeated (sentence TEXT PRIMARY KEY, articles INTEGER NOT NULL);

-- --- what the texts say: of the articles that the newsroom has now -----------------------------

-- An article that is there now.
CREATE TABLE piece (
    article INTEGER PRIMARY KEY,
    path NOT NULL,
    revised INTEGER NOT NULL, -- instant of its newest revision, seconds since 1970
    level INTEGER NOT NULL,   -- 0: its texts are unread; 1: read; 2: its changes are compared too
    headline TEXT,            -- its file's name where it has none
    notes TEXT,               -- as the newest text has them, JSON
    unreadable INTEGER,       -- 1: its texts could not be read
    due INTEGER,              -- when its newest revision comes out, where that is its first
    out INTEGER,              -- 1: readers could see the newest revision
    indexed INTEGER           -- 1: its words are in the index; 2: those of older versions too
);
CREATE INDEX piece_by_revised ON piece (revised);
CREATE INDEX piece_by_level ON piece (level);
CREATE INDEX piece_by_due ON piece (due) WHERE due IS NOT NULL;

-- A revision of it. What is NULL is not worked out yet: it is when a question needs it.
CREATE TABLE fact (
    article INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,    -- seconds since 1970
    month TEXT NOT NULL,    -- "2022-05", in the newsroom's zone
    person TEXT NOT NULL,   -- the author's name
    headline TEXT,
    published INTEGER,      -- 1: readers could see it
    told INTEGER,           -- 1: a note tells of it; 0: none does, and it is one to tell of
    kinds TEXT,             -- of the notes that it brought: " correction update "
    notes TEXT,             -- the notes that it brought, JSON
    out TEXT,               -- when readers could first see it, where that is not `at`
    substantive INTEGER,    -- 1: a reader of the version before would believe something else
    words_added INTEGER,
    words_removed INTEGER,
    labels TEXT,            -- what was touched: "headline name number"
    reasons TEXT,           -- JSON
    PRIMARY KEY (article, number)
) WITHOUT ROWID;
CREATE INDEX fact_by_time ON fact (at, article, number);
CREATE INDEX fact_by_month ON fact (month, at, article, number);
CREATE INDEX fact_by_person ON fact (person, at, article, number);

-- What readers were told.
CREATE TABLE note (
    article INTEGER NOT NULL,
    place INTEGER NOT NULL,  -- 1 for the first that readers got
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,     -- seconds since 1970
    zone INTEGER NOT NULL,   -- offset from UTC, minutes
    precision TEXT NOT NULL, -- minute, day, none (then that of the revision that brought it)
    text TEXT NOT NULL,
    number INTEGER NOT NULL, -- of the revision that brought it
    went_out INTEGER NOT NULL, -- to sort by: at, as exactly as is known
    amends TEXT,             -- id of the note that it replaces
    replaced INTEGER NOT NULL, -- 1: a later note replaces it
    withdrawn TEXT,          -- instant when it was taken back, NULL while it stands
    covers TEXT,             -- a commit, when somebody said which revision it tells of
    origin TEXT NOT NULL,    -- front-matter, body
    written TEXT NOT NULL,   -- the line as it stands in the body; empty in front matter
    language TEXT NOT NULL,  -- of the article, where its file says one
    PRIMARY KEY (article, place)
) WITHOUT ROWID;
CREATE INDEX note_by_time ON note (went_out);

-- Articles that changed since they were looked at.
CREATE TABLE stale (article INTEGER PRIMARY KEY);

-- --- words to search ----------------------------------------------------------------------------

-- What is in the index, so that it can be taken out again: a row for the headline, each note and
-- the text of an article.
CREATE TABLE passage (
    id INTEGER PRIMARY KEY,
    article INTEGER NOT NULL,
    place INTEGER NOT NULL, -- -1: the headline; 0: the text; -2: a paragraph that the text has no
                            -- more; -3: a former headline; else the note's place
    blob BLOB NOT NULL,     -- the file's content that it was taken from
    said TEXT,              -- the words; NULL for the text, which git has
    first INTEGER,          -- number of the first revision that had it; NULL: it stands now
    last INTEGER            -- of the last one
);
CREATE INDEX passage_by_article ON passage (article);
CREATE VIRTUAL TABLE words USING fts5 (
    said, content = '', tokenize = 'unicode61 remove_diacritics 2'
);

-- --- for people and other tools -----------------------------------------------------------------

CREATE VIEW commits AS
    SELECT step.number, lower(hex(step.hash)) AS hash,
        strftime('%Y-%m-%dT%H:%M:%SZ', step.at, 'unixepoch') AS at, step.zone,
        person.name AS person, person.email, step.subject
    FROM step JOIN person ON person.id = step.person;

CREATE VIEW articles AS
    SELECT article.id, path.path, piece.headline, article.alive, article.revisions,
        piece.article IS NOT NULL AS current,
        strftime('%Y-%m-%dT%H:%M:%SZ', piece.revised, 'unixepoch') AS revised
    FROM article JOIN path ON path.id = article.path LEFT JOIN piece ON piece.article = article.id
    WHERE article.text AND article.joined IS NULL;

CREATE VIEW revisions AS
    SELECT version.article, newest.path AS article_path, version.number,
        lower(hex(step.hash)) AS hash,
        strftime('%Y-%m-%dT%H:%M:%SZ', step.at, 'unixepoch') AS at, step.zone,
        person.name AS person, person.email, step.subject, path.path,
        lower(hex(version.blob)) AS blob, fact.headline, fact.published, fact.substantive,
        fact.told, fact.words_added, fact.words_removed, fact.labels, trim(fact.kinds) AS kinds,
        lower(hex(version.written_on)) AS written_on
    FROM version
    JOIN article ON article.id = version.article
    JOIN path AS newest ON newest.id = article.path
    JOIN step ON step.number = version.step
    JOIN person ON person.id = step.person
    JOIN path ON path.id = version.path
    LEFT JOIN fact ON fact.article = version.article AND fact.number = version.number
    WHERE version.number IS NOT NULL AND article.text AND article.joined IS NULL;

CREATE VIEW events AS
    SELECT event.article, newest.path AS article_path, event.kind, lower(hex(step.hash)) AS hash,
        strftime('%Y-%m-%dT%H:%M:%SZ', step.at, 'unixepoch') AS at, step.zone,
        person.name AS person, person.email, step.subject, path.path, old.path AS old_path
    FROM event
    JOIN article ON article.id = event.article
    JOIN path AS newest ON newest.id = article.path
    JOIN step ON step.number = event.step
    JOIN person ON person.id = step.person
    JOIN path ON path.id = event.path
    LEFT JOIN path AS old ON old.id = event.old_path
    WHERE article.text AND article.joined IS NULL;

CREATE VIEW notes AS
    SELECT note.article, piece.path AS article_path, piece.headline, note.id, note.kind,
        strftime('%Y-%m-%dT%H:%M:%SZ', note.at, 'unixepoch') AS at, note.zone, note.precision,
        note.text, note.amends, note.withdrawn, note.covers, note.number,
        lower(hex(step.hash)) AS hash
    FROM note
    JOIN piece ON piece.article = note.article
    LEFT JOIN version ON version.article = note.article AND version.number = note.number
    LEFT JOIN step ON step.number = version.step;
