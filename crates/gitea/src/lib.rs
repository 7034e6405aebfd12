//! One Gitea or Forgejo over HTTP.
