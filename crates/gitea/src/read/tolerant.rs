//! How fields are read that Gitea may leave out, set to null, or fill with Go's zero values.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::name::{GitRef, RepositoryId, Sha};

/// `null` is the type's default.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

/// A time; none where it is null, unreadable (git takes any date), or before 1970, as Go's zero time is.
pub(super) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    Ok(text.and_then(|text| text.parse().ok()).filter(|time| *time > Timestamp::UNIX_EPOCH))
}

/// A count; zero where it is null or negative.
pub(super) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let number: Option<i64> = Option::deserialize(from)?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default())
}

/// An object id; none where it is null, empty or no full id.
pub(super) fn sha<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Sha>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    Ok(text.and_then(|text| Sha::parse(&text).ok()))
}

/// A ref; none where it is null, empty or not one we could ask for.
pub(super) fn reference<'de, D: Deserializer<'de>>(from: D) -> Result<Option<GitRef>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    Ok(text.and_then(|text| GitRef::parse(&text).ok()))
}

/// A repository named by an object with `full_name`; none where it is null or not one we could ask for.
pub(super) fn named_repository<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RepositoryId>, D::Error> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(default)]
        full_name: String,
    }
    let named: Option<Named> = Option::deserialize(from)?;
    Ok(named.and_then(|named| RepositoryId::parse(&named.full_name).ok()))
}
