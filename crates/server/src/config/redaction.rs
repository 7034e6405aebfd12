//! What happens to secrets found in answers.

use std::collections::BTreeMap;

use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};

section! {
    "Secrets in answers",
    "What happens when a file, diff or comment holds a secret. The gateway's own are always masked.";

    REDACTION = Variable::new(
        Kind::Choice(&["mask", "block"]),
        "redaction.default",
        "`mask` puts a mark in the place of the secret, `block` in the place of the whole text.",
    )
        .default("mask")
        .example("block");
    REDACTION_RULES = Variable::new(
        Kind::ByRule,
        "redaction.rule",
        "The same for single rules, which may also be `off`. In TOML the table `[redaction.rule]`.",
    )
        .optional("all rules do the same")
        .example("jwt=block,high-entropy=off");
}

/// What happens to secrets found in answers.
#[derive(Debug, Clone)]
pub struct RedactionSection {
    /// `REDACTION`; never [`FindingAction::Off`].
    pub default: FindingAction,
    /// `REDACTION_RULES`. Ids are not checked against the rules here.
    pub rules: BTreeMap<String, FindingAction>,
}

/// What happens to a text with a secret in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingAction {
    /// The secret is masked.
    Mask,
    /// The text is withheld.
    Block,
    /// Nothing.
    Off,
}

impl FindingAction {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "mask" => Some(Self::Mask),
            "block" => Some(Self::Block),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

impl RedactionSection {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            default: reader.choice(&REDACTION).and_then(FindingAction::parse).unwrap_or(FindingAction::Mask),
            rules: reader.by_rule(&REDACTION_RULES),
        }
    }
}
