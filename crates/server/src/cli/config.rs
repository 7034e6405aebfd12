//! `aegis-mcp config`: is the configuration right, and what could be set.

use clap::{Args, Subcommand, ValueEnum};

use super::end::{Exit, tell};
use super::{Context, setup};
use crate::config::{Purpose, Severity, load, reference};
use crate::terminal::{self, Style};

/// Checks the configuration, or lists every setting.
#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say all that is wrong at once; exit 64 if anything stops the start.
    Check,
    /// Every setting: what it does, what it takes, its default.
    Reference {
        /// In which form.
        #[arg(long, value_enum, default_value = "text")]
        format: Form,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Text,
    Markdown,
    Env,
    Toml,
}

pub(crate) fn run(config: &Config, context: &Context) -> Exit {
    match config.command {
        Command::Check => check(context),
        Command::Reference { format } => {
            let text = match format {
                Form::Text => reference::terminal(),
                Form::Markdown => reference::markdown(),
                Form::Env => reference::dotenv(),
                Form::Toml => reference::toml(),
            };
            terminal::line(text.trim_end());
            Exit::Fine
        }
    }
}

fn check(context: &Context) -> Exit {
    let loaded = load(context.sources(), Purpose::Gateway);
    for file in &loaded.files {
        terminal::line(&format!("read {}", terminal::plain(&file.display().to_string())));
    }
    for problem in &loaded.problems {
        let (style, word) = match problem.severity {
            Severity::Error => (Style::Bad, "error"),
            Severity::Warning => (Style::Warn, "warning"),
        };
        tell(style, word, &problem.what(), problem.hint().as_deref(), Some(&problem.docs()));
    }
    let errors = loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let Some(configuration) = loaded.configuration else {
        return wrong(errors);
    };
    let found = setup::check(&configuration);
    if !found.is_empty() {
        for end in &found {
            let _ = end.tell();
        }
        return wrong(found.len());
    }
    terminal::line(&format!("{} the configuration is right", terminal::styled(Style::Good, "✓")));
    Exit::Fine
}

fn wrong(errors: usize) -> Exit {
    let errors = if errors == 1 { "1 error".to_owned() } else { format!("{errors} errors") };
    terminal::line(&format!("{} {errors}; nothing would start", terminal::styled(Style::Bad, "✗")));
    Exit::Configuration
}
