//! `aegis-mcp config`: is the configuration right, and what could be set.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::end::{End, Exit, tell};
use super::{Context, flags, setup};
use crate::config::{Problem, Purpose, Severity, load, reference};
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
    Check(Check),
    /// Every setting: what it does, what it takes, its default.
    Reference {
        /// In which form.
        #[arg(long, value_enum, default_value = "text")]
        format: Form,
    },
}

#[derive(Debug, Args)]
struct Check {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: flags::Gateway,
    #[command(flatten)]
    listen: flags::Listen,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Text,
    Markdown,
    Env,
    Toml,
}

pub(crate) fn run(config: &Config, mut context: Context) -> Exit {
    match &config.command {
        Command::Check(wish) => {
            wish.gateway.apply(&mut context);
            wish.listen.apply(&mut context);
            check(&context, wish.json)
        }
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

fn check(context: &Context, as_json: bool) -> Exit {
    let loaded = load(context.sources(), Purpose::Gateway);
    let ends = loaded.configuration.as_ref().map(setup::check).unwrap_or_default();
    let errors = loaded.problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let errors = errors.saturating_add(ends.len());
    let files: Vec<_> = loaded.files.iter().map(|file| file.display().to_string()).collect();
    if as_json {
        let found: Vec<_> = loaded.problems.iter().map(problem_json).chain(ends.iter().map(end_json)).collect();
        terminal::line(&json!({"right": errors == 0, "files": files, "problems": found}).to_string());
    } else {
        show(&files, &loaded.problems, &ends, errors);
    }
    if errors == 0 { Exit::Fine } else { Exit::Configuration }
}

fn show(files: &[String], problems: &[Problem], ends: &[End], errors: usize) {
    for file in files {
        terminal::line(&format!("read {}", terminal::plain(file)));
    }
    for problem in problems {
        let (style, word) = match problem.severity {
            Severity::Error => (Style::Bad, "error"),
            Severity::Warning => (Style::Warn, "warning"),
        };
        tell(style, word, &problem.what(), problem.hint().as_deref(), Some(&problem.docs()));
    }
    for end in ends {
        let _ = end.tell();
    }
    match errors {
        0 => terminal::line(&format!("{} the configuration is right", terminal::styled(Style::Good, "✓"))),
        1 => wrong("1 error"),
        many => wrong(&format!("{many} errors")),
    }
}

fn wrong(errors: &str) {
    terminal::line(&format!("{} {errors}; nothing would start", terminal::styled(Style::Bad, "✗")));
}

fn problem_json(problem: &Problem) -> Value {
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    json!({"severity": severity, "setting": problem.setting, "code": problem.fault.code(), "message": problem.what(),
        "hint": problem.hint(), "docs": problem.docs()})
}

/// What only shows once the settings are put to use: names of tools, the policy, rules of redaction.
fn end_json(end: &End) -> Value {
    json!({"severity": "error", "message": end.to_string(), "hint": end.hint()})
}
