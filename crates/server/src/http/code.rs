//! The names and statuses of what is refused before a tool is called. The page on troubleshooting explains each.

use http::StatusCode;

/// Why a request is turned away. Refusals of sign-in and of calls have names of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DoorCode {
    TransferEncoding,
    Host,
    HeaderTwin,
    HeaderTwice,
    ForeignHost,
    ForeignOrigin,
    Encoding,
    MediaType,
    BodyTooLarge,
    BodyTooSlow,
    BodyUnreadable,
    InvalidRequest,
    MalformedMessage,
    NotAMessage,
    Batch,
    Revision,
    Method,
    NoSession,
    TooManySessions,
    TooManyAtOnce,
    Overloaded,
    NoRoute,
    Internal,
}

impl DoorCode {
    /// The frozen code, `snake_case`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::TransferEncoding => "transfer_encoding_refused",
            Self::Host => "host_malformed",
            Self::HeaderTwin => "header_twin",
            Self::HeaderTwice => "header_twice",
            Self::ForeignHost => "host_not_allowed",
            Self::ForeignOrigin => "origin_not_allowed",
            Self::Encoding => "encoding_not_supported",
            Self::MediaType => "media_type_not_supported",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyTooSlow => "body_too_slow",
            Self::BodyUnreadable => "body_unreadable",
            Self::InvalidRequest => "invalid_request",
            Self::MalformedMessage => "malformed_message",
            Self::NotAMessage => "not_a_message",
            Self::Batch => "batch_not_allowed",
            Self::Revision => "revision_not_spoken",
            Self::Method => "method_not_allowed",
            Self::NoSession => "session_not_found",
            Self::TooManySessions => "too_many_sessions",
            Self::TooManyAtOnce => "too_many_at_once",
            Self::Overloaded => "overloaded",
            Self::NoRoute => "route_not_found",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that goes with it.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TransferEncoding
            | Self::Host
            | Self::HeaderTwin
            | Self::HeaderTwice
            | Self::BodyUnreadable
            | Self::InvalidRequest
            | Self::MalformedMessage
            | Self::NotAMessage
            | Self::Batch
            | Self::Revision => StatusCode::BAD_REQUEST,
            Self::ForeignHost | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::Encoding | Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoSession | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::TooManySessions | Self::TooManyAtOnce => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
