//! Settings whose time has not come. Somebody who sets one relies on it, so the start stops instead of going on
//! without.

use crate::config::Fault;
use crate::config::reader::Reader;
use crate::config::variables::{Kind, Unset, Variable, section};

const SIGN_IN: &str = "sign-in through Gitea";
const FOREIGN_TOKENS: &str = "tokens of other issuers";
const KEY_DOOR: &str = "the door for keys alone";

section! {
    "Not in this version", "Names already given. Setting one to anything but `off` or `false` stops the start.";

    OAUTH_MODE = Variable::new(Kind::Anything, "oauth.mode", "Sign-in through Gitea.")
        .later(SIGN_IN).example("off");
    GITEA_OAUTH_CLIENT_ID = Variable::new(Kind::Anything, "oauth.client_id", "The Gitea application for reads.")
        .later(SIGN_IN).example("off");
    GITEA_OAUTH_CLIENT_SECRET = Variable::new(Kind::AnySecret, "oauth.client_secret", "Its secret.")
        .later(SIGN_IN).example("off");
    GITEA_OAUTH_WRITE_CLIENT_ID = Variable::new(Kind::Anything, "oauth.write_client_id", "The one for writes.")
        .later(SIGN_IN).example("off");
    GITEA_OAUTH_WRITE_CLIENT_SECRET = Variable::new(Kind::AnySecret, "oauth.write_client_secret", "Its secret.")
        .later(SIGN_IN).example("off");
    DCR = Variable::new(Kind::Anything, "oauth.dcr", "Dynamic registration of clients.")
        .later(SIGN_IN).example("off");
    CIMD_HOSTS = Variable::new(Kind::Anything, "oauth.cimd_hosts", "Hosts of client-id metadata documents.")
        .later(SIGN_IN).example("off");
    OAUTH_REDIRECT_HOSTS = Variable::new(Kind::Anything, "oauth.redirect_hosts", "Hosts a sign-in may lead to.")
        .later(SIGN_IN).example("off");
    OAUTH_EXPECTED_AUDIENCE = Variable::new(Kind::Anything, "jwt.expected_audience", "The audience of foreign tokens.")
        .later(FOREIGN_TOKENS).example("off");
    JWT_ISSUER = Variable::new(Kind::Anything, "jwt.issuer", "Trusted issuers; in TOML the tables `[[jwt.issuer]]`.")
        .later(FOREIGN_TOKENS).example("off");
    KEY_DOOR_ADDRESS = Variable::new(Kind::Anything, "server.key_door_address", "A listener that takes keys alone.")
        .later(KEY_DOOR).example("off");
    KEY_DOOR_HOST = Variable::new(Kind::Anything, "server.key_door_host", "A host name that takes keys alone.")
        .later(KEY_DOOR).example("off");
}

pub(crate) fn check(reader: &mut Reader<'_>) {
    for variable in SECTION.variables {
        let text = reader.text(variable);
        if let (Some(text), Unset::Later(feature)) = (text, variable.unset)
            && !matches!(text.to_ascii_lowercase().as_str(), "off" | "false" | "no" | "0")
        {
            reader.report(variable, Fault::NotYet(feature));
        }
    }
}
