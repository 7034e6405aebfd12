//! From an endpoint's template and parsed names to a URL. The one function that makes request URLs is here, and it
//! checks what it made: same origin, same prefix, exactly the segments that were meant.

use std::borrow::Cow;

use url::Url;

use crate::connect::BaseUrl;
use crate::endpoints::Endpoint;
use crate::error::GiteaError;
use crate::name::{GitRef, Index, Owner, RepoPath, RepositoryId, Sha};

/// One request: an endpoint, the values of its placeholders and its query. Values come only as parsed names, query
/// keys only from our own source, so that no argument can become `token=` or `sudo=`.
pub(crate) struct Call<'a> {
    endpoint: &'static Endpoint,
    values: Vec<(&'static str, Vec<Cow<'a, str>>)>,
    query: Vec<(&'static str, Cow<'a, str>)>,
}

impl<'a> Call<'a> {
    pub(crate) fn to(endpoint: &'static Endpoint) -> Self {
        Self { endpoint, values: Vec::new(), query: Vec::new() }
    }

    pub(crate) fn endpoint(&self) -> &'static Endpoint {
        self.endpoint
    }

    pub(crate) fn repository(self, id: &'a RepositoryId) -> Self {
        self.one("{owner}", id.owner().as_str()).one("{repo}", id.name().as_str())
    }

    pub(crate) fn username(self, owner: &'a Owner) -> Self {
        self.one("{username}", owner.as_str())
    }

    pub(crate) fn organization(self, owner: &'a Owner) -> Self {
        self.one("{org}", owner.as_str())
    }

    pub(crate) fn index(self, index: Index) -> Self {
        self.one("{index}", index.to_string())
    }

    pub(crate) fn object(self, sha: &'a Sha) -> Self {
        self.one("{sha}", sha.as_str())
    }

    /// A ref where Gitea's route takes one segment: its slashes travel encoded.
    pub(crate) fn revision(self, at: &'a GitRef) -> Self {
        self.one("{sha}", at.as_str())
    }

    /// The commit of the default branch.
    pub(crate) fn head(self) -> Self {
        self.one("{sha}", "HEAD")
    }

    pub(crate) fn status_of(self, sha: &'a Sha) -> Self {
        self.one("{ref}", sha.as_str())
    }

    pub(crate) fn diff(self) -> Self {
        self.one("{diffType}", "diff")
    }

    /// A branch where Gitea's route takes all remaining segments.
    pub(crate) fn branch(self, branch: &'a GitRef) -> Self {
        self.many("{branch}", branch.as_str().split('/'))
    }

    pub(crate) fn filepath(self, path: &'a RepoPath) -> Self {
        self.many("{filepath}", path.segments())
    }

    pub(crate) fn query(mut self, key: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.query.push((key, value.into()));
        self
    }

    pub(crate) fn maybe(self, key: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> Self {
        match value {
            Some(value) => self.query(key, value),
            None => self,
        }
    }

    fn one(mut self, placeholder: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.values.push((placeholder, vec![value.into()]));
        self
    }

    fn many(mut self, placeholder: &'static str, values: impl Iterator<Item = &'a str>) -> Self {
        self.values.push((placeholder, values.map(Cow::Borrowed).collect()));
        self
    }

    /// The URL under `base`.
    ///
    /// # Errors
    /// [`GiteaError::Misrouted`] where a placeholder has no value, or the finished URL is not the one that was meant.
    pub(crate) fn url(&self, base: &BaseUrl) -> Result<Url, GiteaError> {
        let misrouted = || GiteaError::Misrouted { endpoint: self.endpoint.name };
        let segments = self.segments().ok_or_else(misrouted)?;
        let mut url = base.url().clone();
        url.path_segments_mut()
            .map_err(|()| misrouted())?
            .pop_if_empty()
            .extend(["api", "v1"])
            .extend(segments.iter().map(Cow::as_ref));
        if !is_under(&url, base, segments.len()) {
            return Err(misrouted());
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    fn segments(&self) -> Option<Vec<Cow<'_, str>>> {
        let mut segments = Vec::new();
        for template in self.endpoint.path.split('/') {
            match self.values.iter().find(|(placeholder, _)| *placeholder == template) {
                Some((_, values)) => segments.extend(values.iter().map(|value| Cow::Borrowed(value.as_ref()))),
                None => segments.push(self.filled(template)?),
            }
        }
        Some(segments)
    }

    /// A template segment with text beside its placeholder, as `{index}.{diffType}`, or with none.
    fn filled<'t>(&self, template: &'t str) -> Option<Cow<'t, str>> {
        let mut filled = Cow::Borrowed(template);
        for (placeholder, values) in &self.values {
            if let ([value], true) = (values.as_slice(), template.contains(placeholder)) {
                filled = Cow::Owned(filled.replacen(placeholder, value, 1));
            }
        }
        let names = template.matches('{').count();
        let given = self.values.iter().filter(|(placeholder, _)| template.contains(placeholder)).count();
        (names == given).then_some(filled)
    }
}

/// Origin and prefix are the base's, and below `/api/v1` there are exactly `count` segments, none of them empty.
fn is_under(url: &Url, base: &BaseUrl, count: usize) -> bool {
    let below = url.path().strip_prefix(base.prefix()).and_then(|path| path.strip_prefix("/api/v1/"));
    let is_exact = below
        .is_some_and(|below| below.split('/').count() == count && below.split('/').all(|segment| !segment.is_empty()));
    is_exact && url.origin() == base.url().origin() && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::endpoints;

    const BASES: [&str; 4] =
        ["https://git.example.org", "http://[::1]:3000", "https://example.org:8443/git", "http://x/a/b"];

    /// Undoes percent-encoding once, as one server does.
    fn decoded(text: &str) -> String {
        let mut pieces = text.split('%');
        let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
        for piece in pieces {
            bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
            bytes.extend_from_slice(&piece.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    }

    /// The decoded segments below the base's `/api/v1/`, after the URL went through text and back.
    fn below(url: &Url, base: &BaseUrl) -> Vec<String> {
        let sent = Url::parse(url.as_str()).unwrap();
        assert_eq!(&sent, url);
        assert_eq!(sent.origin(), base.url().origin());
        let path = sent.path().strip_prefix(base.prefix()).unwrap().strip_prefix("/api/v1/").unwrap();
        path.split('/').map(decoded).collect()
    }

    fn bases() -> impl Iterator<Item = BaseUrl> {
        BASES.iter().map(|base| BaseUrl::parse(base).unwrap())
    }

    fn widget() -> RepositoryId {
        RepositoryId::parse("acme/widget").unwrap()
    }

    /// Text made of what parsers, proxies and routers trip over.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("..".to_owned()),
            Just(".".to_owned()),
            Just("/".to_owned()),
            Just("//".to_owned()),
            Just("\\".to_owned()),
            Just("%2e".to_owned()),
            Just("%2F".to_owned()),
            Just("%25".to_owned()),
            Just("?".to_owned()),
            Just("#".to_owned()),
            Just("@".to_owned()),
            Just(":".to_owned()),
            Just(";".to_owned()),
            Just("&".to_owned()),
            Just(" ".to_owned()),
            Just("\t".to_owned()),
            Just("\r\n".to_owned()),
            Just("\0".to_owned()),
            Just("{repo}".to_owned()),
            Just(".git".to_owned()),
            Just("http://evil".to_owned()),
            Just("\u{ff0e}".to_owned()),
            Just("\u{2025}".to_owned()),
            "[a-z]{1,3}",
            "\\PC{1,2}",
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn g01_g03_any_text_as_owner_or_name_is_refused_or_stays_one_segment(owner in hostile(), name in "\\PC{0,12}") {
            for (owner, name) in [(owner.as_str(), "x"), ("x", owner.as_str()), (&name, "x"), ("x", &name)] {
                let Ok(id) = RepositoryId::parse(&format!("{owner}/{name}")) else { continue };
                for base in bases() {
                    let url = Call::to(&endpoints::ISSUES).repository(&id).url(&base).unwrap();
                    prop_assert_eq!(below(&url, &base), ["repos", owner, name, "issues"]);
                }
            }
        }

        #[test]
        fn g02_any_text_as_path_is_refused_or_stays_its_own_segments(text in hostile()) {
            if let Ok(path) = RepoPath::parse(&text) {
                for base in bases() {
                    let url = Call::to(&endpoints::CONTENTS).repository(&widget()).filepath(&path).url(&base).unwrap();
                    let mut wanted = vec!["repos", "acme", "widget", "contents"];
                    wanted.extend(text.split('/'));
                    prop_assert_eq!(below(&url, &base), wanted);
                    prop_assert_eq!((url.query(), url.fragment()), (None, None));
                }
            }
        }

        #[test]
        fn g04_any_text_as_ref_is_refused_or_stays_one_value(text in hostile()) {
            if let Ok(at) = GitRef::parse(&text) {
                let path = RepoPath::parse("a/b").unwrap();
                for base in bases() {
                    let tree = Call::to(&endpoints::TREE).repository(&widget()).revision(&at).url(&base).unwrap();
                    prop_assert_eq!(below(&tree, &base), ["repos", "acme", "widget", "git", "trees", &text]);
                    let branch = Call::to(&endpoints::BRANCH).repository(&widget()).branch(&at).url(&base).unwrap();
                    let mut wanted = vec!["repos", "acme", "widget", "branches"];
                    wanted.extend(text.split('/'));
                    prop_assert_eq!(below(&branch, &base), wanted);
                    let widget = widget();
                    let raw = Call::to(&endpoints::RAW).repository(&widget).filepath(&path).query("ref", at.as_str());
                    let raw = raw.url(&base).unwrap();
                    let pairs: Vec<_> = raw.query_pairs().into_owned().collect();
                    prop_assert_eq!(pairs, [("ref".to_owned(), text.clone())]);
                }
            }
        }

        #[test]
        fn g04_any_text_as_query_value_stays_one_value(text in ".*") {
            let base = BaseUrl::parse("https://example.org/git").unwrap();
            let url = Call::to(&endpoints::REPOSITORY_SEARCH).query("q", text.as_str()).url(&base).unwrap();
            prop_assert_eq!(url.query_pairs().into_owned().collect::<Vec<_>>(), [("q".to_owned(), text)]);
            prop_assert_eq!(url.fragment(), None);
        }
    }

    #[test]
    fn g03_a_url_that_is_not_the_one_that_was_meant_is_not_made() {
        let base = BaseUrl::parse("https://example.org/git").unwrap();
        let refused = Err(GiteaError::Misrouted { endpoint: "repository" });
        let made = |owner: &'static str| {
            Call::to(&endpoints::REPOSITORY).one("{owner}", owner).one("{repo}", "widget").url(&base)
        };
        assert!(made("acme").is_ok());
        for owner in ["", ".", ".."] {
            assert_eq!(made(owner), refused, "{owner:?}");
        }
        assert_eq!(Call::to(&endpoints::REPOSITORY).url(&base), refused, "no value for a placeholder");
        assert_eq!(Call::to(&endpoints::REPOSITORY).one("{owner}", "a").url(&base), refused);
    }

    #[test]
    fn g07_templates_with_text_beside_a_placeholder_are_filled() {
        let base = BaseUrl::parse("https://example.org").unwrap();
        let widget = widget();
        let call = Call::to(&endpoints::PULL_DIFF).repository(&widget).index(Index::new(6).unwrap()).diff();
        assert_eq!(call.url(&base).unwrap().path(), "/api/v1/repos/acme/widget/pulls/6.diff");
        let root = Call::to(&endpoints::CONTENTS).repository(&widget).filepath(&RepoPath::root()).url(&base).unwrap();
        assert_eq!(root.path(), "/api/v1/repos/acme/widget/contents");
    }
}
