//! One call's way back to its caller: progress that grows, questions that are asked in the way of the caller's
//! revision.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aegis_ambient::Ambient;

use crate::ask::{ASK_FOR, Back, Progress, Question, Reply};
use crate::audit::Asked;
use crate::error::CallError;
use crate::gate::deadline::Deadline;
use crate::gate::rounds::Rounds;
use crate::redact::{Kind, Redactor};

/// Most questions of one call: each may keep it open for minutes.
const MAX_QUESTIONS: u32 = 8;
/// How long a question may stay open. A transport keeps [`ASK_FOR`] itself and tells its client that the time is over;
/// one that does not is given up a little later.
const GIVEN_UP_AFTER: Duration = ASK_FOR.saturating_add(Duration::from_secs(5));

/// A call's way back.
pub(crate) struct Conversation {
    back: Option<Arc<dyn Back>>,
    way: Way,
    redactor: Arc<Redactor>,
    ambient: Ambient,
    deadline: Deadline,
    said: Mutex<Said>,
}

/// How the person can be asked, opened and checked.
pub(crate) enum Way {
    Never,
    Now,
    InRounds(Box<Rounds>),
}

#[derive(Default)]
struct Said {
    /// How far the last progress was.
    done: Option<u64>,
    questions: u32,
    outcome: Option<Asked>,
}

impl Conversation {
    pub(crate) fn new(back: Option<Arc<dyn Back>>, way: Way, redactor: Arc<Redactor>, ambient: Ambient) -> Self {
        let deadline = Deadline::new(ambient.clone());
        Self { back, way, redactor, ambient, deadline, said: Mutex::default() }
    }

    /// Tells of progress where somebody listens. What does not grow is not told (2025-03-26 basic/utilities/progress).
    pub(crate) async fn progress(&self, mut progress: Progress) {
        let Some(back) = &self.back else { return };
        {
            let mut said = self.said();
            if said.done.is_some_and(|before| before >= progress.done) {
                return;
            }
            said.done = Some(progress.done);
        }
        progress.message = self.redactor.text(Kind::Line, &progress.message).text.into_owned();
        back.progress(progress).await;
    }

    /// Asks the person.
    ///
    /// # Errors
    /// [`CallError::CannotAsk`]; [`CallError::InputRequired`] where the answer comes with the next call;
    /// [`CallError::InvalidArgument`] where what came does not fit.
    pub(crate) async fn ask(&self, question: Question) -> Result<Reply, CallError> {
        let question = question.redacted(&self.redactor);
        self.count()?;
        let reply = match &self.way {
            Way::Never => return Err(CallError::CannotAsk),
            Way::InRounds(rounds) => rounds.ask(&question, self.ambient.now()).inspect_err(|_| {
                self.said().outcome = Some(Asked::Pending);
            })?,
            Way::Now => self.ask_now(&question).await?,
        };
        self.said().outcome = Some(match &reply {
            Reply::Accepted(_) => Asked::Accepted,
            Reply::Declined => Asked::Declined,
            Reply::Dismissed => Asked::Dismissed,
        });
        Ok(reply)
    }

    /// The call's deadline, which questions do not use up.
    pub(crate) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// What came of the last question.
    pub(crate) fn outcome(&self) -> Option<Asked> {
        self.said().outcome
    }

    async fn ask_now(&self, question: &Question) -> Result<Reply, CallError> {
        let back = self.back.as_ref().ok_or(CallError::CannotAsk)?;
        let answer = {
            let _pause = self.deadline.pause();
            tokio::time::timeout(GIVEN_UP_AFTER, back.ask(question)).await
        };
        let Ok(Some(raw)) = answer else { return Ok(Reply::Dismissed) };
        question.read(&raw).ok_or_else(|| CallError::InvalidArgument {
            argument: question.key.to_owned(),
            came: "the answer does not fit the question".to_owned(),
            wanted: "it takes the fields that were asked for".to_owned(),
        })
    }

    fn count(&self) -> Result<(), CallError> {
        let mut said = self.said();
        said.questions = said.questions.saturating_add(1);
        if said.questions <= MAX_QUESTIONS {
            return Ok(());
        }
        tracing::error!("a tool asked more than {MAX_QUESTIONS} questions in one call");
        Err(CallError::Internal)
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
