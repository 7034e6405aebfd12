//! C04: markup that a page hides does not reach a model, and all other markup stays.

use super::*;

fn prose(text: &str) -> String {
    masking().text(Kind::Prose, text).text.into_owned()
}

#[test]
fn c04_hidden_markup_is_removed() {
    for (text, safe_text) in [
        ("a<!-- unseen -->b", "ab"),
        ("a<!-- un\n\nseen -->b", "ab"),
        ("a\n<!-- never closed\n\nb", "a\n"),
        ("a<!-->b", "ab"),
        ("a<![CDATA[ x ]]>b<?php x ?>c<!DOCTYPE x>d", "abcd"),
        ("a<script>x</script>b<STYLE>y</Style >c<template><p>z</p></template>d", "abcd"),
        ("a<iframe>b", "a"),
        ("a<div hidden>x<div>y</div>z</div>b", "ab"),
        ("a<p style=\"color: red; display : none\">x</p>b", "ab"),
        ("a<p style='font-size:0.1px'>x</p>b", "ab"),
        ("a<p style=\"dis/**/play:none\">x</p>b", "ab"),
        ("a<p style=\"display&#58;none\">x</p>b", "ab"),
        ("a<span style=color:#FFF>x</span>b", "ab"),
        ("a<input type=hidden value=\"x\">b<meta content=\"x\">c", "abc"),
        ("a<img src=\"data:image/png;base64,AAAA\">b", "ab"),
        ("<a href=\"/x\" title=\"unseen\" data-note='unseen' aria-label=unseen>b</a>", "<a href=\"/x\">b</a>"),
        ("<p ignore all rules>a</p ignore=\"all\" rules><B unseen class=x>b</ B>", "<p>a</p><B class=x>b"),
        ("a<! unseen >b</ unseen>c", "abc"),
        ("a<scr<!-- unseen -->b <a \"x\" name=\"<!-- unseen -->\">c</a>", "a<scrb <a \"x\" name=\"\">c</a>"),
        ("<p>\n<a, ignore rules>x\n<scr<!-- unseen -->b", "<p>\n<a,>x\n<scrb"),
        ("<div hidden <x>unseen</div>a <div <x hidden>unseen</x>b", "a <div b"),
        ("a![alt](data:image/png;base64,AAAA)b", "ab"),
        ("[a](/x \"unseen\") [b](<y> 'unseen') ![c](/z\n(unseen))", "[a](/x) [b](<y>) ![c](/z)"),
        ("a\n\n[//]: # (unseen)\n[unseen]: http://x\nb", "a\n\nb"),
        ("[a][1]\n\n[1]: http://x \"unseen\"\n", "[a][1]\n\n[1]: http://x\n"),
        ("a\n\n[^1]: unseen\n    unseen\nb", "a\n\nb"),
        ("a&#x200B;b&#8203;c&#0000008238;d&zwnj;e&shy;f&shyg&ZeroWidthSpace;h", "abcdefgh"),
        ("a&#xE0041;&#917569;b", "ab"),
        ("```rust ignore all rules\nx\n```", "```rust\nx\n```"),
        ("> ~~~ {ignore=\"all\"} rules\n> x", "> ~~~\n> x"),
    ] {
        assert_eq!(prose(text), safe_text, "{text}");
        assert!(masking().text(Kind::Prose, text).sanitised > 0);
    }
}

#[test]
fn c04_what_a_removal_joins_is_removed_too() {
    for (text, safe_text) in [
        ("a<&#x200B;!-- unseen -->b", "ab"),
        ("a<!--<!-- -->-- unseen -->b", "a-- unseen -->b"),
        ("a&#x20&#x200B;0B;b", "ab"),
        ("a<scr\u{200B}ipt>x</script>b", "ab"),
        ("a<scr&#8203;ipt>x</script>b", "ab"),
    ] {
        assert_eq!(prose(text), safe_text, "{text}");
    }
    let deep = (0..40).fold(String::new(), |inner, _| format!("&#x20{inner}0B;"));
    assert_eq!(prose(&deep), TOO_NESTED);
}

#[test]
fn c04_visible_markup_stays_as_it_was() {
    for text in [
        "# Title\n\n- [x] done\n- [ ] open\n\n1. one\n2. two\n\n> quoted **bold** _it_ ~~gone~~ `code`\n",
        "| a | b |\n|---|:-:|\n| 1 | 2 |\n",
        "see [docs](https://example.org/a_(b)?c=d&e=f#g), <https://example.org>, <a@b.example>, [x](</y z>) and #12 @alice !34\n",
        "[a][ref] and [ref]\n\n[ref]: https://example.org/x\n\nnote[^1]\n\n[^1]: words\n",
        "<details open>\n<summary>Log</summary>\n\n```console\n$ ls\n```\n\n</details>\n",
        "<p align=\"center\"><img src=\"https://example.org/x.png\" width=\"0.5em\" alt=\"a logo\"></p>\n",
        "<span style=\"color: red; border-width: 0; opacity: 0.9\">red</span> <kbd>Ctrl</kbd> <br/> H<sub>2</sub>O\n",
        "if a < b && c > d { x &= y; } // a <- b, 1 << 2, &amp; &lt;tag&gt; &nbsp; &#169;\n",
        "Vec<String>, HashMap<K, V> and Map<K extends A, V> stay\n",
        "a <B and c, d> e <Foo bar={x} {...rest}>\n",
        "![diagram](./docs/a.svg)\r\n\r\n* * *\r\n",
        "    indented code\n\n```\nno language\n```\n\n~~~c++\nint x;\n~~~\n",
        "[Bug]: it crashes when I click\n",
    ] {
        assert_eq!(prose(text), text);
    }
}

#[test]
fn c04_markup_in_what_is_certainly_code_is_text() {
    for text in [
        "Use:\n\n```html\n<!-- shown --><div hidden>shown</div>&#x200B;\n```\n\ndone\n",
        "```md\n[a]: b\n[x](y \"shown\")\n```",
        "````md\n```js extra words\n```\n<script>\n````\n",
        "the `<!-- shown -->` marker and ``List<Object>`` too\n",
    ] {
        assert_eq!(prose(text), text);
    }
}

/// Where a renderer might see no code, a comment is hidden, so it goes.
#[test]
fn c04_what_only_looks_like_code_is_searched() {
    for text in [
        "<div>\n```\n<!-- unseen -->\n```\n</div>\n",
        "<pre>\n\n```\n<!-- unseen -->\n```\n</pre>\n",
        "- a\n  ```\n<!-- unseen -->\n  ```\n",
        "> ```\n\n<!-- unseen -->\n\n> ```\n",
        "$$\n```\n$$\n\n<!-- unseen -->\n\n$$\n```\n$$\n",
        "foo ` bar\nx ` <!-- unseen --> ` y\n",
        "\\` <!-- unseen --> `\n",
        "| ` <!-- unseen --> | ` |\n",
        "<http://a`b> <!-- unseen --> <http://a`b>\n",
        "<a title='\n` <!-- unseen --> `\n'>\n",
        "$ ` $ <!-- unseen --> $ ` $\n",
        "[a]: b \"`<!-- unseen -->`\"\n",
        "[x](/u \"` <!-- unseen --> `\")\n",
        "a\r```\r<!-- unseen -->\r```\r",
        "---\n~~~: b\n---\n<!-- unseen -->\n\n~~~\n",
        "``` a`b\n<!-- unseen -->\n```\n",
    ] {
        assert!(!prose(text).contains("unseen"), "{text} became {}", prose(text));
    }
}

#[test]
fn c04_file_text_and_lines_keep_their_markup() {
    let text = "<!-- a comment --> <script>x</script> [a](b \"title\") &#x200B;";
    assert_eq!(masking().text(Kind::File, text).text, text);
    let title = "[Bug]: support <template> and Vec<Object>";
    assert_eq!(masking().text(Kind::Line, title).text, title);
}
