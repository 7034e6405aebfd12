//! Whole numbers of arguments. Their schemas carry no range, which would weigh more than it tells; a number out of range
//! is refused here, in the words the checker of arguments would use.

use aegis_gate::ToolError;

use super::invalid;

/// The number, if there is one and it is at least `least`.
pub(crate) fn at_least(least: u64, argument: &str, number: Option<i64>) -> Result<Option<u64>, ToolError> {
    let in_range = |number: i64| {
        let refuse = || invalid(argument, format!("got {number}"), format!("it takes a whole number from {least}"));
        u64::try_from(number).ok().filter(|number| *number >= least).ok_or_else(refuse)
    };
    number.map(in_range).transpose()
}

/// The number, if there is one, from 1 to `most`.
pub(crate) fn between(most: u32, argument: &str, number: Option<i64>) -> Result<Option<u32>, ToolError> {
    let in_range = |number: i64| {
        let refuse = || invalid(argument, format!("got {number}"), format!("it takes a whole number from 1 to {most}"));
        u32::try_from(number).ok().filter(|number| (1..=most).contains(number)).ok_or_else(refuse)
    };
    number.map(in_range).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g07_numbers_below_their_least_are_refused() {
        assert_eq!(at_least(1, "page", None).unwrap(), None);
        assert_eq!(at_least(1, "page", Some(1)).unwrap(), Some(1));
        for (least, bad) in [(1, 0), (1, -1), (0, -1), (0, i64::MIN)] {
            let Err(ToolError::Call(refusal)) = at_least(least, "page", Some(bad)) else { panic!("{bad} passed") };
            let words = format!("argument `page`: got {bad}; it takes a whole number from {least}");
            assert_eq!(refusal.to_string(), words);
        }
    }
}
