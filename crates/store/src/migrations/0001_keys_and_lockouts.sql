-- Times are milliseconds since 1970, UTC. Sealed columns: see sealed.rs.

PRAGMA application_id = 0x41454749; -- "AEGI": how a store of ours is told from another program's database

-- What this store is. The pepper is here from the first migration on; without it no key can be looked up.
CREATE TABLE store (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    sealing_key_id TEXT    NOT NULL,
    sealed_pepper  BLOB    NOT NULL,
    opened_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE keys (
    id                TEXT    PRIMARY KEY,
    digest            BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    owner_login       TEXT    NOT NULL,
    account_id        INTEGER NOT NULL CHECK (account_id > 0),
    scopes            TEXT    NOT NULL CHECK (scopes <> ''),
    sealed_credential BLOB,
    created_at        INTEGER NOT NULL,
    expires_at        INTEGER,
    revoked_at        INTEGER,
    last_used_at      INTEGER,
    label             TEXT,
    -- A key taken back has no credential, and one without a credential was taken back.
    CHECK ((sealed_credential IS NULL) = (revoked_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE lockouts (
    source            TEXT    PRIMARY KEY,
    failures          INTEGER NOT NULL CHECK (failures BETWEEN 0 AND 4294967295),
    last_failure_at   INTEGER NOT NULL,
    locked_until      INTEGER,
    last_success_at   INTEGER
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 1;
