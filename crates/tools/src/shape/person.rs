//! People are named by their login.

use aegis_gitea::read::{Label, User};

pub(crate) fn login(user: Option<User>) -> Option<String> {
    user.map(|user| user.login)
}

pub(crate) fn logins(users: Vec<User>) -> Vec<String> {
    users.into_iter().map(|user| user.login).collect()
}

/// Labels by name.
pub(crate) fn names(labels: Vec<Label>) -> Vec<String> {
    labels.into_iter().map(|label| label.name).collect()
}
