//! C07, C08: bytes that are no text, and too many of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

fn rule_at(bytes: &[u8]) -> Option<(&'static str, u32)> {
    masking().scan_bytes(bytes).map(|finding| (finding.rule, finding.line))
}

#[test]
fn c07_a_secret_is_found_in_bytes_of_any_encoding() {
    let text = format!("first\r\nsecond {}\r\n", github_token());
    let found = Some(("github-token", 2));
    let wide = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<_>>();
    assert_eq!(rule_at(text.as_bytes()), found);
    assert_eq!(rule_at(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()), found, "with a byte order mark");
    assert_eq!(rule_at(&wide(u16::to_le_bytes)), found);
    assert_eq!(rule_at(&wide(u16::to_be_bytes)), found);
    assert_eq!(rule_at(&text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect::<Vec<_>>()), found);
    assert_eq!(rule_at(&[b"\xFF\xFE\x00\x80", text.as_bytes(), b"\xC3"].concat()), found, "among invalid UTF-8");
    assert_eq!(rule_at(text.replace('_', "_\u{200B}").as_bytes()), found, "with a gap nobody sees");
    assert_eq!(rule_at(armoured_key().replace('\n', "\r\n").as_bytes()), Some(("private-key", 1)));
}

#[test]
fn c07_a_secret_in_base64_is_found_also_wrapped_and_wide() {
    let text = format!("some words before {} and some after it, to fill the lines", github_token());
    let encoded = STANDARD.encode(&text);
    let wrapped: Vec<&str> = encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    assert_eq!(rule_at(encoded.as_bytes()), Some(("github-token", 1)));
    assert_eq!(rule_at(format!("\n{}\n", wrapped.join("\r\n")).as_bytes()), Some(("github-token", 2)));
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(rule_at(STANDARD.encode(wide).as_bytes()), Some(("github-token", 1)));
}

#[test]
fn c07_bytes_without_a_secret_may_leave() {
    let binary: Vec<u8> = (0..100_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(rule_at(&binary), None);
    assert_eq!(rule_at(b""), None);
    assert_eq!(rule_at("\u{FEFF}text\r\n\u{0}".as_bytes()), None);
}

#[test]
fn c07_file_text_keeps_its_line_ends_and_byte_order_mark() {
    let text = "\u{FEFF}a\r\nb\rc\n\td\u{0}";
    let safe = masking().text(Kind::File, text);
    assert_eq!((&*safe.text, safe.sanitised), ("\u{FEFF}a\r\nb\rc\n\td\\u{0000}", 1));
}

#[test]
fn c08_text_beyond_the_limit_is_blocked_unread() {
    let huge = "a".repeat(TEXT_LIMIT_BYTES + 1);
    let safe = masking().text(Kind::File, &huge);
    assert_eq!((&*safe.text, safe.blocked.unwrap().rule), ("[blocked: too-large]", "too-large"));
    assert_eq!(masking().scan_bytes(huge.as_bytes()).unwrap().rule, "too-large");
}

/// Would take very long if any step were quadratic.
#[test]
fn c08_one_long_line_costs_what_its_length_costs() {
    let redactor = masking();
    for unit in [
        "token ",
        "eyJ",
        "://",
        "sk-",
        "<a ",
        "<!--",
        "x<!--",
        "](a",
        "[a]: ",
        "&#",
        "`",
        "```\n",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----END PRIVATE KEY-----\n",
        "\u{200B}",
        "<a x='",
        "<div hidden>",
        "((",
        "<p style=",
        "QUJD",
    ] {
        let text = unit.repeat(50_000 / unit.len());
        for kind in [Kind::Prose, Kind::Line, Kind::File] {
            let safe = redactor.text(kind, &text);
            assert!(safe.text.len() <= 10 * text.len(), "{unit}");
        }
        let _any = redactor.scan_bytes(text.as_bytes());
    }
}
