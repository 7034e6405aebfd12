//! Connections that do not come about, and the one retry.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aegis_ambient::Ambient;
use aegis_gitea::connect::{Client, Settings};
use aegis_gitea::{Fault, GiteaError};
use rcgen::{CertificateParams, KeyPair};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::server::{Server, Step, answer, client, close, credential, head, json, raw, settings, widget};

const USER: &str = r#"{"id":1,"login":"alice"}"#;
const LONG: Duration = Duration::from_secs(30);

async fn user_error(base: &str) -> GiteaError {
    client(settings(base)).account(&credential(), "call-1").user().await.unwrap_err()
}

#[tokio::test]
async fn u01_refused_unresolved_and_black_holes_are_unreachable() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(user_error(&format!("http://{closed}")).await, GiteaError::Unreachable { fault: Fault::Connect });
    let unresolved = GiteaError::Unreachable { fault: Fault::Name };
    assert_eq!(user_error("http://gitea.invalid").await, unresolved);
    // RFC 5737: an address that leads nowhere.
    let hurried = Settings { connect_timeout: Duration::from_millis(200), ..settings("http://192.0.2.1") };
    let error = client(hurried).account(&credential(), "call-1").user().await.unwrap_err();
    assert_eq!(error, GiteaError::Unreachable { fault: Fault::Connect });
}

#[tokio::test]
async fn u01_silence_where_tls_should_begin_is_a_connection_that_does_not_come_about() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", silent.local_addr().unwrap());
    let hurried = Settings { connect_timeout: Duration::from_millis(200), ..settings(&base) };
    let error = client(hurried).account(&credential(), "call-1").user().await.unwrap_err();
    assert_eq!(error, GiteaError::Unreachable { fault: Fault::Connect });
}

/// Answers `each` requests on every connection, then closes it without a word; its port, and how many connections it took.
async fn closing_after(each: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                for _ in 0..each {
                    if head(&mut stream).await.is_empty() {
                        break;
                    }
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{USER}",
                        USER.len()
                    );
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
                close(&mut stream).await;
            });
        }
    });
    (port, taken)
}

#[tokio::test]
async fn a_connection_is_kept_and_one_that_was_closed_meanwhile_costs_no_call() {
    for (each, connections) in [(usize::MAX, 1), (1, 4)] {
        let (port, taken) = closing_after(each).await;
        let client = client(settings(&format!("http://127.0.0.1:{port}")));
        for _ in 0..4 {
            assert_eq!(client.account(&credential(), "call-1").user().await.unwrap().login, "alice");
        }
        assert_eq!(taken.load(Ordering::Relaxed), connections);
    }
}

#[tokio::test]
async fn u01_a_connection_that_breaks_before_the_answer_is_tried_once_more() {
    let server = Server::in_order(vec![vec![Step::Reset], json(USER)]).await;
    assert_eq!(server.account().user().await.unwrap().login, "alice");
    assert_eq!(server.seen().len(), 2);
    let server = Server::in_order(vec![vec![Step::Reset]]).await;
    assert_eq!(server.account().user().await.unwrap_err(), GiteaError::Unreachable { fault: Fault::Broken });
    assert_eq!(server.seen().len(), 2, "once more, not more often");
    let server = Server::in_order(vec![raw("HTTP/1.1 200 OK\r\nConte"), json(USER)]).await;
    assert_eq!(server.account().user().await.unwrap().login, "alice");
}

#[tokio::test]
async fn u01_an_answer_of_any_kind_is_not_asked_for_again() {
    let cases = [
        answer("500 Internal Server Error", "", b""),
        answer("503 Service Unavailable", "", b""),
        answer("429 Too Many Requests", "", b""),
        json("{"),
        raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"),
        vec![Step::Wait(Duration::from_secs(30))],
    ];
    for script in cases {
        let server = Server::in_order(vec![script, json(USER)]).await;
        assert!(server.impatient_account().user().await.is_err());
        assert_eq!(server.seen().len(), 1);
    }
}

/// Closed after the head, whatever comes: a connection that breaks is tried once more.
const REQUESTS_A_CALL: usize = 2;
const SILENT: GiteaError = GiteaError::Unreachable { fault: Fault::Silent };

#[tokio::test]
async fn u01_after_five_failures_the_breaker_opens_and_one_answer_closes_it() {
    let is_up = Arc::new(AtomicBool::new(false));
    let server = Server::start({
        let is_up = Arc::clone(&is_up);
        move |_| if is_up.load(Ordering::Relaxed) { json(USER) } else { vec![Step::Reset] }
    })
    .await;
    let (client, clock) = server.client_and_clock();
    let ask = || async { client.account(&credential(), "call-1").user().await };
    for _ in 0..5 {
        assert_eq!(ask().await.unwrap_err(), GiteaError::Unreachable { fault: Fault::Broken });
    }
    assert_eq!(server.seen().len(), 5 * REQUESTS_A_CALL);
    for _ in 0..3 {
        assert_eq!(ask().await.unwrap_err(), SILENT);
    }
    assert_eq!(server.seen().len(), 5 * REQUESTS_A_CALL, "it was asked while it was to be left alone");
    clock.advance(Duration::from_secs(2));
    let (probe, other) = tokio::join!(ask(), ask());
    assert_eq!((probe.unwrap_err(), other.unwrap_err()), (GiteaError::Unreachable { fault: Fault::Broken }, SILENT));
    assert_eq!(server.seen().len(), 6 * REQUESTS_A_CALL);
    is_up.store(true, Ordering::Relaxed);
    assert_eq!(ask().await.unwrap_err(), SILENT);
    clock.advance(Duration::from_secs(2));
    for _ in 0..3 {
        assert_eq!(ask().await.unwrap().login, "alice");
    }
}

#[tokio::test]
async fn u02_calls_that_are_answered_keep_the_breaker_closed_to_those_that_are_not() {
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        "/api/v1/user" => vec![Step::Reset],
        _ => answer("500 Internal Server Error", "", b""),
    })
    .await;
    let (client, _clock) = server.client_and_clock();
    for _ in 0..4 {
        for _ in 0..4 {
            let error = client.account(&credential(), "call-1").user().await.unwrap_err();
            assert_eq!(error, GiteaError::Unreachable { fault: Fault::Broken });
        }
        assert!(matches!(widget(&client).repository().await, Err(GiteaError::Unavailable { status: 500 })));
    }
}

#[tokio::test]
async fn u02_many_calls_that_hang_at_once_close_no_way_while_others_are_answered() {
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        "/api/v1/user" => vec![Step::Wait(Duration::from_millis(200)), Step::Reset],
        _ => answer("500 Internal Server Error", "", b""),
    })
    .await;
    let (client, clock) = server.client_and_clock();
    let hang = async || assert!(client.account(&credential(), "call-1").user().await.is_err());
    let answered = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        clock.advance(Duration::from_millis(5));
        assert!(matches!(widget(&client).repository().await, Err(GiteaError::Unavailable { status: 500 })));
    };
    tokio::join!(hang(), hang(), hang(), hang(), hang(), hang(), answered);
    let after = widget(&client).repository().await;
    assert!(matches!(after, Err(GiteaError::Unavailable { status: 500 })), "{after:?}");
}

#[tokio::test]
async fn u01_a_caller_who_gives_up_as_the_first_leaves_the_question_to_another() {
    let server =
        Server::in_order(vec![vec![Step::Reset]; 10].into_iter().chain([vec![Step::Wait(LONG)], json(USER)]).collect())
            .await;
    let (client, clock) = server.client_and_clock();
    let ask = || async { client.account(&credential(), "call-1").user().await };
    for _ in 0..5 {
        assert!(ask().await.is_err());
    }
    clock.advance(Duration::from_secs(2));
    assert!(tokio::time::timeout(Duration::from_millis(50), ask()).await.is_err());
    clock.advance(Duration::from_secs(2));
    assert_eq!(ask().await.unwrap().login, "alice");
}

#[tokio::test]
async fn u02_the_retry_is_inside_the_deadline() {
    let slow_reset = vec![Step::Wait(Duration::from_millis(300)), Step::Reset];
    let server = Server::in_order(vec![slow_reset, vec![Step::Wait(Duration::from_secs(30))]]).await;
    #[expect(clippy::disallowed_methods, reason = "this test measures real time")]
    let started = Instant::now();
    assert_eq!(server.impatient_account().user().await.unwrap_err(), GiteaError::Timeout);
    assert!(started.elapsed() < Duration::from_millis(1500));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn u12_a_check_of_the_person_that_cannot_run_is_an_error() {
    for script in [vec![Step::Reset], answer("502 Bad Gateway", "", b""), json("null"), json("{}")] {
        let server = Server::in_order(vec![script]).await;
        assert!(server.account().user().await.is_err());
    }
}

fn certificate(base64: &str) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}

#[tokio::test]
async fn settings_that_cannot_be_used_stop_the_start() {
    let refused = |settings: Settings| match Client::new(settings, Ambient::real()).err().unwrap() {
        GiteaError::Setting(sentence) => sentence,
        other => panic!("{other}"),
    };
    let good = || settings("https://git.example.org");
    assert!(refused(Settings { user_agent: "a\nb".to_owned(), ..good() }).contains("user agent"));
    for base in ["https://git.example.org", "http://git.example.org"] {
        let refused = |pem: &str| refused(Settings { ca_file_pem: Some(pem.as_bytes().to_vec()), ..settings(base) });
        for pem in ["", "no certificate", &certificate("!!")] {
            assert_eq!(refused(pem), "the CA file holds no PEM certificate", "{base} {pem}");
        }
        let good = CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
        for pem in [certificate("AAAA"), good + &certificate("AAAA")] {
            assert_eq!(refused(&pem), "the CA file holds a certificate that cannot be read", "{base}");
        }
    }
}
