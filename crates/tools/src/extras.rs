//! Requests that only add to an answer. One that the caller may not make leaves its field out; one that failed is named,
//! so that a missing check is never taken for a passed one.

use aegis_gitea::GiteaError;

/// What was asked for on the side.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    failed: Vec<&'static str>,
}

impl Extras {
    /// The answer, if there is one. `name` is the field it fills.
    pub(crate) fn take<T>(&mut self, name: &'static str, asked: Result<T, GiteaError>) -> Option<T> {
        match asked {
            Ok(answer) => return Some(answer),
            Err(
                GiteaError::NotFound
                | GiteaError::Forbidden
                | GiteaError::MissingScope { .. }
                | GiteaError::NotServed { .. },
            ) => {}
            Err(_) => self.failed.push(name),
        }
        None
    }

    /// The fields that are missing because of a fault.
    pub(crate) fn incomplete(self) -> Option<Vec<&'static str>> {
        (!self.failed.is_empty()).then_some(self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_leaves_a_field_out_and_a_fault_is_named() {
        let mut extras = Extras::default();
        assert_eq!(extras.take("languages", Ok(1)), Some(1));
        assert_eq!(extras.take::<()>("reviews", Err(GiteaError::NotFound)), None);
        assert_eq!(extras.take::<()>("checks", Err(GiteaError::Timeout)), None);
        assert_eq!(extras.incomplete(), Some(vec!["checks"]));
        assert_eq!(Extras::default().incomplete(), None);
    }
}
