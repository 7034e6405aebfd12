//! Text made up to a size, for data sets that measure. The same size gives the same text.

const WORDS: [&str; 16] = [
    "parser", "widget", "token", "stream", "buffer", "reads", "writes", "checks", "every", "line", "of", "the", "file",
    "once", "and", "returns",
];
const LINE_BYTES: usize = 72;

/// ASCII prose of exactly so many bytes, in lines.
pub(super) fn prose(bytes: usize, seed: usize) -> String {
    let mut text = String::with_capacity(bytes + LINE_BYTES);
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(97);
    let mut column = 0;
    while text.len() < bytes {
        // A linear congruential step: enough to keep lines from repeating.
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345) % 2_147_483_648;
        let word = WORDS.get((state >> 16) % WORDS.len()).copied().unwrap_or_default();
        text.push_str(word);
        column += word.len() + 1;
        text.push(if column > LINE_BYTES - 10 { '\n' } else { ' ' });
        column = if column > LINE_BYTES - 10 { 0 } else { column };
    }
    text.truncate(bytes.saturating_sub(1));
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_has_the_size_asked_for_and_repeats_for_the_same_seed() {
        assert_eq!(prose(4096, 1).len(), 4096);
        assert_eq!(prose(4096, 1), prose(4096, 1));
        assert_ne!(prose(4096, 1), prose(4096, 2));
    }
}
