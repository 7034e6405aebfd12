//! Show and export.

use super::super::read::{Filter, Format, Order, export, show};
use super::*;

async fn written() -> House {
    let house = House::new();
    let (ambient, clock) = Ambient::frozen("2026-01-02T03:04:05Z".parse().unwrap());
    let audit = house.open_at(ambient);
    for (at, login) in ["alice", "bob", "Alice"].into_iter().enumerate() {
        clock.advance(Duration::from_mins(1));
        audit.announce(Event { login: Some(login.to_owned()), ..call(&format!("r{at}")) }).await.unwrap();
    }
    clock.advance(Duration::from_mins(1));
    let nasty = "=evil\u{1b}]8;;http://x\u{7}\"\r\n\u{202e},".to_owned();
    let denied = Event { client: Some(nasty), ..refusal("r3") };
    audit.announce(denied).await.unwrap();
    audit.close().await;
    house
}

fn ids(house: &House, filter: &Filter, order: Order, limit: usize) -> Vec<String> {
    let shown = show(&house.settings.directory, "audit", filter, order, limit).unwrap();
    assert_eq!(shown.unreadable, 0);
    shown.records.iter().filter_map(|record| record.text("correlation_id")).map(str::to_owned).collect()
}

#[tokio::test]
async fn records_are_found_by_what_they_say() {
    let house = written().await;
    let any = Filter::default();
    assert_eq!(ids(&house, &any, Order::Oldest, 99), ["r0", "r1", "r2", "r3"]);
    assert_eq!(ids(&house, &any, Order::Newest, 3), ["r3", "r2"], "the newest of all is `stopped`");
    assert_eq!(ids(&house, &any, Order::Newest, 0), [""; 0]);
    let only = |filter: Filter| ids(&house, &filter, Order::Oldest, 99);
    assert_eq!(only(Filter { login: Some("ALICE".to_owned()), ..any.clone() }), ["r0", "r2"]);
    assert_eq!(only(Filter { outcome: Some(Outcome::Denied), ..any.clone() }), ["r3"]);
    assert_eq!(only(Filter { event: Some("invalid_api_key".to_owned()), ..any.clone() }), ["r3"]);
    assert_eq!(only(Filter { tool: Some("get_file".to_owned()), ..any.clone() }), ["r0", "r1", "r2"]);
    assert_eq!(only(Filter { tool: Some("get_fil".to_owned()), ..any.clone() }), [""; 0]);
    assert_eq!(only(Filter { correlation_id: Some("r1".to_owned()), ..any.clone() }), ["r1"]);
    let since = Some("2026-01-02T03:06:05Z".parse().unwrap());
    let until = Some("2026-01-02T03:08:05Z".parse().unwrap());
    assert_eq!(only(Filter { since, until, ..any.clone() }), ["r1", "r2"]);
    let checkpoints = Filter { event: Some("checkpoint".to_owned()), ..any };
    let shown = show(&house.settings.directory, "audit", &checkpoints, Order::Oldest, 99).unwrap();
    assert_eq!(shown.records.len(), 6);
}

#[tokio::test]
async fn c12_what_is_shown_and_exported_holds_nothing_a_terminal_obeys() {
    let house = written().await;
    let filter = Filter { outcome: Some(Outcome::Denied), ..Filter::default() };
    let shown = show(&house.settings.directory, "audit", &filter, Order::Oldest, 9).unwrap();
    assert_eq!(
        shown.records[0].to_string(),
        "2026-01-02T03:08:05.000000Z  denied   invalid_api_key  code=invalid_api_key  correlation_id=r3"
    );
    let mut table = Vec::new();
    let exported = export(&house.settings.directory, "audit", &filter, Format::Csv, &mut table).unwrap();
    assert_eq!(exported.records, 1);
    let table = String::from_utf8(table).unwrap();
    assert!(table.contains(r#","'=evil\u{1b}]8;;http://x\u{7}""\r\n\u{202e},","#), "{table}");
    assert_eq!(table.matches("\r\n").count(), 2);
    assert!(table.replace("\r\n", "").chars().all(|letter| matches!(letter, ' '..='~')));
    let mut lines = Vec::new();
    export(&house.settings.directory, "audit", &filter, Format::JsonLines, &mut lines).unwrap();
    let kept = house.lines().into_iter().find(|line| line.contains("evil")).unwrap();
    assert_eq!(String::from_utf8(lines).unwrap(), format!("{kept}\n"));
}

#[tokio::test]
async fn c12_a_line_somebody_wrote_raw_is_counted_and_not_shown() {
    let house = written().await;
    let (name, mut content) = house.files().pop_first().unwrap();
    let line = lines(&content).into_iter().find(|line| line.contains("alice")).unwrap();
    content.extend(line.replace("alice", "\u{1b}[31malice").bytes().chain(*b"\n"));
    content.extend(b"torn");
    fs::write(house.path(&name), content).unwrap();
    let shown = show(&house.settings.directory, "audit", &Filter::default(), Order::Oldest, 99).unwrap();
    assert_eq!((shown.unreadable, shown.records.len()), (2, 6));
    assert!(shown.records.iter().all(|record| !record.to_string().contains('\u{1b}')));
}
