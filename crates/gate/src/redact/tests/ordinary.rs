//! C01: how often ordinary text is taken for a secret. The promise: never, over this corpus. Over 356 MB of published
//! source text the rules found armoured keys and URLs with passwords, in tests and documentation, and nothing else.

use super::*;

/// What repositories are full of: hashes, identifiers, lock files, minified scripts, colours, links, certificates.
fn corpus() -> Vec<String> {
    let hex = |length| random(HEX, length);
    let base64 = |length| random(&format!("{ALPHANUMERIC}+/"), length);
    let uuid = format!("{}-{}-4{}-a{}-{}", hex(8), hex(4), hex(3), hex(3), hex(12));
    vec![
        format!("{uuid}\nurn:uuid:{uuid}\n{{{uuid}}}\n").repeat(40),
        format!("{}  src/main.rs\n{} *target/release/app\n", hex(64), hex(40)).repeat(40),
        format!("commit {}\nAuthor: A <a@example.org>\nMerge: {} {}\n", hex(40), hex(7), hex(7)).repeat(40),
        format!("[[package]]\nname = \"token\"\nsource = \"registry+https://example.org/index\"\nchecksum = \"{}\"\n", hex(64)),
        format!("\"resolved\": \"https://example.org/a/-/a-1.0.0.tgz\",\n\"integrity\": \"sha512-{}==\",\n", base64(86)),
        format!("golang.org/x/net v0.1.0 h1:{}=\ngolang.org/x/net v0.1.0/go.mod h1:{}=\n", base64(43), base64(43)),
        format!("uses: actions/checkout@{} # v4\nimage: alpine@sha256:{}\n", hex(40), hex(64)),
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\nssh-ed25519 AAAAC3Nza{} a@b\n", base64(64), base64(60)),
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", base64(64)),
        "!function(e,t){var n=e.token,r=\"authorization\";n&&t.set(r,\"Bearer \"+n)}(window.SK,{sk:1});".repeat(60),
        "color:#ff8800;background:#0d1117;--sk-circle-fade-delay:1s;.sk-cube-grid .sk-cube9{width:33%}".repeat(40),
        "let token = self.next_token()?; match token { Token::Ident(name) => parse(name), _ => error(token) }\n".repeat(60),
        "curl -H 'Authorization: Bearer $TOKEN' -u \"$USER:$PASSWORD\" https://api.example.org/v1?access_token=$TOKEN\n".into(),
        "postgres://${USER}:${PASSWORD}@localhost/app mysql://root@localhost:3306/db ssh://git@example.org:22/a/b.git\n".into(),
        "http://localhost:8080/@scope/name https://example.org:443/a?b=c@d redis://:6379 a://b:c mailto:a@b.c\n".into(),
        "AWS_SECRET_ACCESS_KEY=\nAWS_ACCESS_KEY_ID=${{ secrets.AWS_KEY }}\naws_secret_access_key = <your key here>\n".into(),
        format!("<svg><path d=\"M{}\"/></svg><img src=\"data:image/png;base64,{}\">", "10.5 20.25L3 4".repeat(90), base64(4_000)),
        format!("\"mappings\": \"{}\"", "AAAA,SAASA,GAAG,CAAC,MAAM;".repeat(200)),
        "Disk-risk-task-mask-flask-and-socket: npm_config_registry hf_hub_download SG.Net AIzawa eyJson xoxo\n".repeat(20),
        "CREATE TABLE tokens (id BIGINT, token_hash CHAR(64), authorization_id INT); -- AccountKey=, /webhooks/\n".repeat(20),
        "The quick brown fox jumps over the lazy dog, and every token of this prose is an ordinary word.\n".repeat(40),
        "日本語のドキュメント。トークン token は秘密です。📦 版本 1.2.3 — Ελληνικά\n".repeat(40),
        "................................................................////////////////--------________====".repeat(30),
    ]
}

#[test]
fn c01_ordinary_text_holds_no_secret() {
    let redactor = masking();
    let corpus = corpus();
    let wrong: Vec<_> = corpus.iter().filter(|text| redactor.text(Kind::File, text).masked > 0).collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:?}", wrong.len(), corpus.len());
    assert!(corpus.iter().all(|text| redactor.scan_bytes(text.as_bytes()).is_none()));
}
