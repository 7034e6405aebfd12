//! C01: every format is found, its near misses are not, and what is found leaves masked, blocked or not at all.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

/// For each rule: a text with a secret, and one that misses it by a little. Joined at run time.
fn examples() -> Vec<(&'static str, String, String)> {
    let letters = |length| random(ALPHANUMERIC, length);
    let hex = |length| random(HEX, length);
    let pair = |id, prefix: [&str; 2], good: String, bad: String| {
        (id, [prefix[0], prefix[1], &good].concat(), [prefix[0], prefix[1], &bad].concat())
    };
    let jwt = |header: &str| {
        [&URL_SAFE_NO_PAD.encode(header), ".", &URL_SAFE_NO_PAD.encode(r#"{"sub":"1234"}"#), ".", &letters(43)].concat()
    };
    vec![
        pair("aegis-token", ["aegis_", "at_"], letters(40), letters(8)),
        ("github-token", github_token(), ["gh", "p_", &letters(20)].concat()),
        pair("github-fine-grained-token", ["github_", "pat_"], letters(82), letters(10)),
        pair("gitlab-token", ["gl", "pat-"], letters(20), letters(10)),
        pair("gitea-secret", ["gt", "o_"], letters(52), letters(10)),
        pair("gitea-token", ["GITEA_TOKEN", "="], hex(40), hex(41)),
        pair("aws-access-key-id", ["AK", "IA"], random(BASE32, 16), random(BASE32, 15)),
        pair("aws-secret-access-key", ["aws_secret_access", "_key = "], letters(40), hex(40)),
        pair("slack-token", ["xo", "xb-"], format!("{}-{}", random("123456789", 11), letters(24)), letters(4)),
        pair(
            "slack-webhook",
            ["https://hooks.slack", ".com/services/"],
            format!("T{0}/B{0}/{0}", letters(9)),
            letters(3),
        ),
        pair("stripe-key", ["sk_", "live_"], letters(24), letters(5)),
        pair("google-api-key", ["AI", "za"], letters(35), letters(30)),
        pair("google-oauth-secret", ["GOC", "SPX-"], letters(28), letters(8)),
        pair("anthropic-key", ["sk-", "ant-api03-"], letters(93), letters(9)),
        pair("openai-key", ["sk-", "proj-"], letters(48), letters(9)),
        pair("npm-token", ["np", "m_"], letters(36), letters(35)),
        pair("pypi-token", ["py", "pi-AgEIcHlwaS5vcmc"], letters(60), letters(5)),
        pair("docker-token", ["dckr", "_pat_"], letters(27), letters(9)),
        pair("digitalocean-token", ["dop", "_v1_"], hex(64), hex(32)),
        pair("sendgrid-key", ["S", "G."], format!("{}.{}", letters(22), letters(43)), format!("{}.x", letters(22))),
        pair("twilio-key", ["S", "K"], hex(32), hex(31)),
        pair("telegram-token", ["123456789", ":AA"], letters(33), letters(30)),
        ("jwt", jwt(r#"{"alg":"RS256","typ":"JWT"}"#), jwt(r#"{"typ":"JWT","x":"y"}"#)),
        ("private-key", armoured_key(), armoured_key().replace("PRIV", "PUBL").replace("ATE", "IC")),
        pair("age-key", ["AGE-SECRET", "-KEY-1"], random("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58), letters(9)),
        pair("azure-storage-key", ["Account", "Key="], format!("{}==", letters(86)), letters(40)),
        pair("vault-token", ["hv", "s."], letters(90), letters(9)),
        pair(
            "discord-webhook",
            ["https://discord.com/api/", "webhooks/"],
            format!("{}/{}", random("123456789", 18), letters(68)),
            random("123456789", 18),
        ),
        pair("huggingface-token", ["h", "f_"], letters(34), letters(20)),
        pair("grafana-token", ["gl", "sa_"], format!("{}_{}", letters(32), hex(8)), letters(32)),
        pair("atlassian-token", ["ATA", "TT3"], letters(180), letters(20)),
        pair("linear-key", ["lin_", "api_"], letters(40), letters(20)),
        pair("url-password", ["postgres://app:", ""], "tr0ub4dor@db:5432/x".into(), "${PASSWORD}@db:5432/x".into()),
    ]
}

#[test]
fn c01_every_rule_has_a_hit_and_a_near_miss() {
    let redactor = masking();
    let examples = examples();
    let ids: Vec<_> = examples.iter().map(|(id, ..)| *id).collect();
    assert!(Redactor::rules().map(|(id, _)| id).eq(ids), "each rule once, in the table's order");
    for (id, good, bad) in &examples {
        for text in [good.clone(), format!("key: \"{good}\",\nnext"), format!("a\\n{good}\\nb")] {
            let safe = redactor.text(Kind::File, &text);
            assert_eq!(safe.masked, 1, "{id}: {}", safe.text);
            assert!(safe.text.contains(&format!("[masked: {id}]")), "{id}: {}", safe.text);
            assert_eq!(redactor.scan_bytes(text.as_bytes()).map(|finding| finding.rule), Some(*id));
        }
        let safe = redactor.text(Kind::File, bad);
        assert_eq!((safe.masked, &*safe.text), (0, bad.as_str()), "{id}");
    }
}

#[test]
fn c01_a_mask_hides_the_whole_secret_and_nothing_else() {
    let safe_text = |text: &str| masking().text(Kind::File, text).text.into_owned();
    assert_eq!(safe_text(&format!("a {} b", github_token())), "a [masked: github-token] b");
    assert_eq!(safe_text(&format!("x\n{}\ny", armoured_key())), "x\n[masked: private-key]\ny");
    assert_eq!(safe_text("https://me:pa55word@host/x"), "https://me:[masked: url-password]@host/x");
    let long = ["eyJhbGciOiJSUzI1NiJ9.eyJ", &random(ALPHANUMERIC, 9_000), ".", &random(ALPHANUMERIC, 30_000)].concat();
    assert_eq!(safe_text(&format!("({long})")), "([masked: jwt])", "past the window too");
}

#[test]
fn c01_a_key_cut_off_at_either_end_is_masked() {
    let key = armoured_key();
    let (first, rest) = key.split_at(key.len() / 2);
    for (text, safe_text) in [
        (format!("a\n{first}"), "a\n[masked: private-key]"),
        (format!("{}\nb", &rest[rest.find('\n').unwrap() + 1..]), "[masked: private-key]\nb"),
        (format!("{first}\n(next)"), "[masked: private-key]\n(next)"),
        (key.replace('\n', "\\n"), "[masked: private-key]"),
        (format!("+{}", key.replace('\n', "\n+")), "+[masked: private-key]"),
        (format!("//! {}\n//! x", key.replace('\n', "\n//! ")), "//! [masked: private-key]\n//! x"),
        (format!("# {}\n# ...", first.replace('\n', "\n# ")), "# [masked: private-key]\n# ..."),
    ] {
        assert_eq!(masking().text(Kind::File, &text).text, safe_text);
    }
    let mention = "if text.starts_with(\"-----BEGIN PRIVATE KEY-----\") { until(\"-----END PRIVATE KEY-----\") }";
    assert_eq!(masking().text(Kind::File, mention).text, mention);
}

#[test]
fn c01_a_character_nobody_sees_does_not_split_a_secret() {
    let token = github_token();
    let split = format!("a\u{200B} {}\u{200B}{} \u{202E}b", &token[..12], &token[12..]);
    let safe = masking().text(Kind::File, &split);
    assert_eq!(safe.text, "a\\u{200B} [masked: github-token] \\u{202E}b");
    assert_eq!((safe.sanitised, safe.masked), (3, 1));
    for kind in [Kind::Prose, Kind::Line] {
        assert_eq!(masking().text(kind, &split).text, "a [masked: github-token] b");
    }
    let joined = format!("{}<!-- -->{}", &token[..12], &token[12..]);
    assert_eq!(masking().text(Kind::Prose, &joined).text, "[masked: github-token]");
}

#[test]
fn c01_a_secret_in_base64_is_masked_in_text() {
    for before in ["", "x", "xy"] {
        let text = format!("data:\n  password: {before}{}\n", STANDARD.encode(github_token()));
        assert_eq!(masking().text(Kind::File, &text).text, "data:\n  password: [masked: github-token]\n");
    }
    let harmless = format!("data: {}", STANDARD.encode("nothing to see here, and no secret"));
    assert_eq!(masking().text(Kind::File, &harmless).text, harmless);
}

#[test]
fn c01_a_rule_blocks_masks_or_is_off() {
    let text = format!("one\ntwo {}\n", github_token());
    let safe = blocking("github-token").text(Kind::File, &text);
    assert_eq!(safe.text, "[blocked: github-token]");
    assert_eq!(safe.blocked, Some(Finding { rule: "github-token", line: 2 }));
    let off = Settings { rules: vec![("github-token".into(), Action::Off)], ..Settings::default() };
    assert_eq!(Redactor::new(off).unwrap().text(Kind::File, &text).text, text);
    assert_eq!(blocking("jwt").text(Kind::File, &text).masked, 1, "only the named rule blocks");
}

#[test]
fn c01_our_own_secrets_are_masked_whatever_is_set() {
    let redactor = owning("correct horse battery");
    for kind in [Kind::Prose, Kind::Line, Kind::File] {
        assert_eq!(redactor.text(kind, "a correct horse battery b").text, "a [masked: own-secret] b");
        assert_eq!(redactor.text(kind, "a correct Horse battery b").masked, 0);
    }
    assert_eq!(redactor.text(Kind::File, &github_token()).masked, 0, "the rules are off");
    assert!(redactor.scan_bytes(b"correct horse battery").is_some());
    assert_eq!(format!("{redactor:?}"), "Redactor { .. }");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let unknown = Settings { rules: vec![("no-such-rule".into(), Action::Mask)], ..Settings::default() };
    assert_eq!(Redactor::new(unknown).unwrap_err().code(), "unknown_secret_rule");
    let short = Settings { literals: vec![SecretString::from("short")], ..Settings::default() };
    assert_eq!(Redactor::new(short).unwrap_err().code(), "own_secret_too_short");
}

#[test]
fn c01_every_string_of_an_answer_is_made_safe() {
    let token = github_token();
    let mut answer = serde_json::json!({
        "title": format!("leak {token}"),
        "body": "seen<!-- unseen -->",
        "files": [{ "content": "a<!-- kept -->\u{202E}\n", "path": "a\u{200B}b" }],
        "lines": ["<!-- kept -->"],
        "count": 3,
        "na\u{200B}me": 1,
        "name": 2,
    });
    let counts = masking().value(&mut answer, &["content", "lines"]);
    let safe = serde_json::json!({
        "title": "leak [masked: github-token]",
        "body": "seen",
        "files": [{ "content": "a<!-- kept -->\\u{202E}\n", "path": "ab" }],
        "lines": ["<!-- kept -->"],
        "count": 3,
        "name": 1,
        "name_": 2,
    });
    assert_eq!(answer, safe);
    assert_eq!((counts.sanitised, counts.masked, counts.blocked), (4, 1, 0));
    let mut leaking = serde_json::json!([{ "content": token }, "fine"]);
    let counts = blocking("github-token").value(&mut leaking, &["content"]);
    assert_eq!(leaking, serde_json::json!([{ "content": "[blocked: github-token]" }, "fine"]));
    assert_eq!((counts.blocked, counts.first_block.unwrap().rule), (1, "github-token"));
}

#[test]
fn c08_an_answer_too_deep_ends_in_null() {
    let mut deep = serde_json::json!(github_token());
    for _ in 0..1_000 {
        deep = serde_json::Value::Array(vec![deep]);
    }
    assert_eq!(masking().value(&mut deep, &[]).sanitised, 1);
    let text = deep.to_string();
    assert!(text.contains("null") && text.len() < 1_000);
}
