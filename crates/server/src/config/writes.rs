//! Settings about writes. This version has no write tools: asking for writes is no danger, but must not go unheard.

use crate::config::Fault;
use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};

section! {
    "Writes", "This version has no tools that write. These settings are known, and warned about.";

    WRITE_MODE = Variable::new(
        Kind::Bool,
        "writes.enabled",
        "Whether tools that write may be offered.",
    )
        .default("false")
        .example("false");
    WRITE_REPOSITORY_WHITELIST = Variable::new(
        Kind::Anything,
        "writes.repositories",
        "Repositories that may be written.",
    )
        .optional("none")
        .example("acme/site,acme/docs");
    SHARED_TOKEN_WRITES = Variable::new(
        Kind::Bool,
        "writes.shared_tokens",
        "Whether `GITEA_TOKEN` and `GITEA_MCP_DEFAULT_TOKEN`, which stand for many people, may write.",
    )
        .default("false")
        .example("false");
}

pub(crate) fn check(reader: &mut Reader<'_>) {
    for variable in [&WRITE_MODE, &SHARED_TOKEN_WRITES] {
        if reader.boolean(variable) {
            reader.report(variable, Fault::NoWriteTools);
        }
    }
    if reader.text(&WRITE_REPOSITORY_WHITELIST).is_some() {
        reader.report(&WRITE_REPOSITORY_WHITELIST, Fault::NoWriteTools);
    }
}
