//! What many tools share: the arguments that name a repository or a page, the listing, and how text is cut.

mod body;
mod cut;
mod listing;
mod number;
mod paging;
mod person;
mod place;
mod state;
mod window;

pub(crate) use body::Body;
pub(crate) use cut::{in_row, subject};
pub(crate) use listing::{Listing, some_if};
pub(crate) use number::{at_least, between};
pub(crate) use paging::{Asked, LONG_PAGE, Paging, SHORT_PAGE};
pub(crate) use person::{login, logins, names};
pub(crate) use place::{
    IndexArgument, OffsetArgument, PathArgument, ReferenceArgument, RepositoryArguments, directory, invalid,
};
pub(crate) use state::{Standing, Wanted};
pub(crate) use window::{SEAM_BYTES, Window, window};
