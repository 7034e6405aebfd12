//! How much one caller may have.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};

section! {
    "Limits", "How much one caller may have.";

    RATE_LIMIT_PER_MINUTE = Variable::new(
        Kind::Count { min: 0, max: 1_000_000, unit: "calls a minute" },
        "limits.requests_per_minute",
        "Calls a minute for each person. An address gets ten times that for requests that did not authenticate. 0 \
         is no limit.",
    )
        .default("60")
        .example("60");
    RATE_LIMIT_PER_TOOL = Variable::new(
        Kind::ByTool { max: 1_000_000 },
        "limits.tool",
        "Calls a minute for each person and tool, for the tools named. In TOML the table `[limits.tool]`.",
    )
        .optional("no limit of their own")
        .example("search_code=20");
    MAX_FILE_SIZE_BYTES = Variable::new(
        Kind::Count { min: 1024, max: 10_485_760, unit: "bytes" },
        "limits.max_file_size_bytes",
        "The largest file that is answered.",
    )
        .default("1048576")
        .example("1048576");
}

/// How much one caller may have.
#[derive(Debug, Clone)]
pub struct LimitsSection {
    /// `RATE_LIMIT_PER_MINUTE`; none is no limit.
    pub requests_per_minute: Option<NonZeroU32>,
    /// `RATE_LIMIT_PER_TOOL`.
    pub tool_requests_per_minute: BTreeMap<String, NonZeroU32>,
    /// `MAX_FILE_SIZE_BYTES`.
    pub max_file_size_bytes: u64,
}

impl LimitsSection {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            requests_per_minute: NonZeroU32::new(reader.count(&RATE_LIMIT_PER_MINUTE)),
            tool_requests_per_minute: reader.by_tool(&RATE_LIMIT_PER_TOOL),
            max_file_size_bytes: reader.count(&MAX_FILE_SIZE_BYTES),
        }
    }
}
