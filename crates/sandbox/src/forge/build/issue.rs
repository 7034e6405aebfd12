//! Issues, pull requests and all that hangs on them.

use jiff::Timestamp;

use super::{Builder, after};
use crate::SandboxError;
use crate::data_set::{Moment, schema};
use crate::forge::{Comment, Id, Issue, Label, Merged, Milestone, Pull, Repository, Review};
use crate::git::{Log, ObjectId, merge_base};

impl Builder {
    pub(super) fn label(&mut self, data: &schema::Label) -> Label {
        let (name, color, description) = (data.name.clone(), data.color.clone(), data.description.clone());
        Label { id: after(&mut self.next.label), name, color, description }
    }

    /// One of the repository's labels, or of those its organisation shares.
    fn label_of(&self, repository: &Repository, name: &str) -> Result<Id, SandboxError> {
        let shared = self.forge.account_by_id(repository.owner).map(|owner| owner.labels.as_slice());
        let mut known = repository.labels.iter().chain(shared.unwrap_or_default());
        let found = known.find(|label| label.name == name).map(|label| label.id);
        found.ok_or_else(|| SandboxError::dangling("a label", name))
    }

    pub(super) fn milestone(&mut self, data: &schema::Milestone) -> Result<Milestone, SandboxError> {
        let resolve = |moment: &Moment| moment.resolve(self.started);
        Ok(Milestone {
            id: after(&mut self.next.milestone),
            title: data.title.clone(),
            description: data.description.clone(),
            created: data.created.resolve(self.started)?,
            due: data.due.as_ref().map(resolve).transpose()?,
            closed: data.closed.as_ref().map(resolve).transpose()?,
        })
    }

    pub(super) fn issue(
        &mut self,
        repository: &mut Repository,
        data: &schema::Issue,
        copy: usize,
    ) -> Result<(), SandboxError> {
        let created = data.created.resolve(self.started)?;
        let closed = data.closed.as_ref().map(|moment| moment.resolve(self.started)).transpose()?;
        let comments = data.comments.iter().map(|comment| self.comment(comment)).collect::<Result<Vec<_>, _>>()?;
        let milestone = |title: &String| {
            let found = repository.milestones.iter().find(|one| one.title == *title).map(|one| one.id);
            found.ok_or_else(|| SandboxError::dangling("a milestone", title))
        };
        let number = repository.issues.len() as u64 + 1;
        let pull = data.pull.as_ref().map(|pull| self.pull(repository, pull, closed)).transpose()?;
        let last_comment = comments.iter().map(|comment| comment.created).max();
        let issue = Issue {
            id: after(&mut self.next.issue),
            number,
            title: if data.copies == 0 { data.title.clone() } else { format!("{} ({})", data.title, copy + 1) },
            body: data.body.clone(),
            author: self.account(&data.author)?,
            created,
            updated: created.max(closed.unwrap_or(created)).max(last_comment.unwrap_or(created)),
            closed,
            labels: data.labels.iter().map(|name| self.label_of(repository, name)).collect::<Result<_, _>>()?,
            milestone: data.milestone.as_ref().map(milestone).transpose()?,
            assignees: data.assignees.iter().map(|login| self.account(login)).collect::<Result<_, _>>()?,
            comments,
            pull,
        };
        repository.issues.insert(number, issue);
        Ok(())
    }

    pub(super) fn comment(&self, data: &schema::Comment) -> Result<Comment, SandboxError> {
        let (author, created) = (self.account(&data.author)?, data.created.resolve(self.started)?);
        Ok(Comment { id: 0, author, body: data.body.clone(), created })
    }

    /// Comments are numbered in the order they were written; each pull request has taken one number before.
    pub(super) fn number_comments(&mut self, repository: &mut Repository) {
        for _ in repository.issues.values().filter(|issue| issue.pull.is_some()) {
            after(&mut self.next.comment);
        }
        let mut comments: Vec<&mut Comment> =
            repository.issues.values_mut().flat_map(|issue| &mut issue.comments).collect();
        comments.sort_by_key(|comment| comment.created);
        for comment in comments {
            comment.id = after(&mut self.next.comment);
        }
    }

    pub(super) fn pull(
        &mut self,
        repository: &Repository,
        data: &schema::Pull,
        closed: Option<Timestamp>,
    ) -> Result<Pull, SandboxError> {
        let git = &repository.git;
        let tip = |branch: &String| {
            git.branches.get(branch).copied().ok_or_else(|| SandboxError::dangling("a branch", branch))
        };
        let (head, base) = (tip(&data.head)?, tip(&data.base)?);
        let merged = match (&data.merged_by, closed) {
            (Some(login), Some(when)) => {
                let commit = merge_commit(repository, base, head);
                let commit = commit.ok_or_else(|| SandboxError::dangling("a merge of", &data.head))?;
                Some(Merged { by: self.account(login)?, when, commit })
            }
            _ => None,
        };
        let before = merged.as_ref().and_then(|merged| git.commit(merged.commit)?.parents.first().copied());
        let merge_base = merge_base(git, before.unwrap_or(base), head);
        Ok(Pull {
            id: after(&mut self.next.pull),
            base: data.base.clone(),
            head: data.head.clone(),
            head_commit: head,
            merge_base: merge_base.ok_or_else(|| SandboxError::dangling("a merge base for", &data.head))?,
            draft: data.draft,
            merged,
            reviews: data.reviews.iter().map(|review| self.review(review)).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn review(&mut self, data: &schema::Review) -> Result<Review, SandboxError> {
        Ok(Review {
            id: after(&mut self.next.review),
            author: self.account(&data.author)?,
            state: data.state.clone(),
            body: data.body.clone(),
            when: data.when.resolve(self.started)?,
        })
    }
}

/// The commit on the base branch that has the head as its second parent.
fn merge_commit(repository: &Repository, base: ObjectId, head: ObjectId) -> Option<ObjectId> {
    let git = &repository.git;
    Log::new(git, base, "").find(|id| git.commit(*id).is_some_and(|commit| commit.parents.get(1) == Some(&head)))
}
