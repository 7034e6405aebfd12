//! C03, C04: what holds of every text.

use proptest::prelude::*;

use super::super::invisible as characters;
use super::invisible::VISIBLE;
use super::*;

const KINDS: [Kind; 3] = [Kind::Prose, Kind::Line, Kind::File];

/// Pieces that interact: markup, entities, invisibles, fences, secrets and masks, glued in any order.
fn pieces() -> impl Strategy<Value = String> {
    let fixed: Vec<String> = [
        "<!--",
        "-->",
        "<!",
        "--",
        "<div hidden>",
        "</div>",
        "<script>",
        "</script",
        ">",
        "<a title=\"",
        "\"",
        "'",
        "`",
        "```",
        "\n",
        "\r",
        "\n\n",
        "~~~ a b\n",
        "    ",
        "> ",
        "- ",
        "[",
        "]",
        "](",
        "](/x \"t\")",
        ")",
        "(",
        "[a]: b",
        "[^1]: ",
        "![",
        "](data:x)",
        "&#x200B;",
        "&#",
        "x20",
        "0B;",
        "&zwj;",
        "&",
        ";",
        "\u{200B}",
        "\u{200D}",
        "\u{200C}",
        "\u{FE0F}",
        "\u{202E}",
        "\u{E0041}",
        "\u{E0100}",
        "\u{FEFF}",
        "\u{0}",
        "\u{1B}",
        "\u{2028}",
        "\u{34F}",
        "👩",
        "🏴",
        "क",
        "ی",
        "葛",
        "é",
        "1",
        "a",
        " ",
        "://",
        "me:",
        "pw@h",
        "token=",
        ":",
        "\\",
        "|",
        "$$",
        "[masked: jwt]",
        "[blocked: jwt]",
        "<p style=",
        "<?",
        "?>",
        "<![CDATA[",
        "]]>",
        "-----",
        "-----BEGIN PRIVATE KEY-----",
        "QUJD",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([github_token(), github_token()[..20].to_owned(), random(HEX, 40), armoured_key()])
    .collect();
    let piece =
        prop_oneof![8 => proptest::sample::select(fixed), 1 => any::<String>(), 1 => "[a-z<>&`\\[\\]()\"!-]{0,6}"];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn c04_redacting_twice_is_redacting_once(text in pieces()) {
        let redactor = masking();
        for kind in KINDS {
            let once = redactor.text(kind, &text).text.into_owned();
            let twice = redactor.text(kind, &once);
            prop_assert_eq!(&*twice.text, &once, "{:?} of {:?}", kind, text);
            prop_assert_eq!((twice.sanitised, twice.masked), (0, 0));
        }
    }

    #[test]
    fn c03_nothing_unseen_leaves(text in pieces()) {
        for kind in KINDS {
            let safe = masking().text(kind, &text).text.into_owned();
            prop_assert!(characters::hidden(kind, &safe).is_empty());
            let never = |character: &char| matches!(*character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\u{1B}' | '\u{0}');
            prop_assert!(!safe.chars().any(|character| never(&character)), "{:?}", safe);
            let broken = safe.contains(['\n', '\r', '\u{2028}']);
            prop_assert!(kind != Kind::Line || !broken);
        }
    }

    #[test]
    fn c01_no_secret_leaves(text in pieces(), token_at in 0_usize..100) {
        let redactor = masking();
        let place = text.ceil_char_boundary(token_at.min(text.len()));
        let leaking = format!("{} {} {}", &text[..place], github_token(), &text[place..]);
        for kind in KINDS {
            let safe = redactor.text(kind, &leaking).text.into_owned();
            prop_assert!(!safe.contains(&github_token()), "{:?}", safe);
            prop_assert!(redactor.scan_bytes(safe.as_bytes()).is_none(), "{:?} of {:?}", safe, leaking);
        }
    }

    #[test]
    fn c03_scripts_and_emoji_survive_their_neighbours(index in 0..VISIBLE.len(), before in "[a-z ]{0,9}") {
        let text = format!("{before} {}", VISIBLE[index]);
        for kind in KINDS {
            prop_assert_eq!(&*masking().text(kind, &text).text, &text);
        }
    }

    #[test]
    fn c07_any_bytes_can_be_scanned(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let token = [bytes.as_slice(), b" ", github_token().as_bytes()].concat();
        prop_assert!(masking().scan_bytes(&token).is_some());
    }
}
