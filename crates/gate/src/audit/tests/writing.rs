//! What is promised to callers: on disk before a write leaves, one record a call, refusals when the disk fails.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fault::Fault;
use super::*;

#[tokio::test]
async fn an_announcement_is_on_disk_when_it_returns() {
    let house = House::new();
    let audit = house.open();
    let announced = audit.announce(call("r-announced")).await.unwrap();
    let lines = house.lines();
    let line = lines.iter().find(|line| line.contains("r-announced")).unwrap();
    assert!(line.starts_with(&format!("{{\"seq\":{},", announced.seq())));
    assert!(lines.last().unwrap().contains("\"event\":\"checkpoint\""));
    audit.close().await;
    assert!(house.verify().intact());
}

#[tokio::test]
async fn a_slot_is_on_disk_within_the_flush_time_and_one_sync_serves_many() {
    let house = House::new();
    let audit = house.open();
    let before = house.disk.syncs();
    for at in 0..100 {
        audit.reserve(call(&format!("r{at}"))).unwrap().record(|_| ());
    }
    until(|| house.count("tool_call") == 100).await;
    assert!(house.disk.syncs() - before < 20, "{} syncs", house.disk.syncs() - before);
    audit.close().await;
    let report = house.verify();
    assert!(report.intact() && report.chains[0].stopped, "{report}");
}

#[tokio::test]
async fn with_the_default_settings_a_record_is_on_disk_within_fifty_milliseconds_and_a_commit() {
    let mut house = House::new();
    house.settings.flush_ms = Settings::new(PathBuf::new(), PathBuf::new()).flush_ms;
    let audit = house.open();
    let clock = Ambient::real();
    let started = clock.elapsed();
    audit.reserve(call("r")).unwrap().record(|_| ());
    until(|| house.count("tool_call") == 1).await;
    let took = clock.elapsed().saturating_sub(started);
    assert!(took < Duration::from_millis(150), "{took:?}");
    audit.close().await;
}

#[tokio::test]
async fn a_quiet_record_grows_by_nothing() {
    let house = House::new();
    let audit = house.open();
    audit.announce(call("r")).await.unwrap();
    let before = house.files();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(house.files(), before);
    audit.close().await;
}

#[tokio::test]
async fn a_full_queue_refuses_and_is_free_again_once_written() {
    let mut house = House::new();
    house.settings.queue = 4;
    let audit = house.open();
    let slots: Vec<Slot> = (0..4).map(|_| audit.reserve(call("r")).unwrap()).collect();
    assert!(matches!(audit.reserve(call("r")), Err(AuditError::Busy)));
    assert!(matches!(audit.announce(call("r")).await, Err(AuditError::Busy)));
    for slot in slots {
        slot.record(|_| ());
    }
    until(|| audit.reserve(call("r")).is_ok()).await;
    audit.close().await;
}

#[tokio::test]
async fn s10_a_call_that_panics_or_is_cancelled_leaves_one_record() {
    let house = House::new();
    let audit = house.open();
    let slot = audit.reserve(call("r-panicked")).unwrap();
    let panicked = std::thread::spawn(move || {
        let _slot = slot;
        panic!("a tool's fault");
    });
    assert!(panicked.join().is_err());
    let slot = audit.reserve(call("r-cancelled")).unwrap();
    let cancelled = tokio::spawn(async move {
        std::future::pending::<()>().await;
        slot.record(|_| ());
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    cancelled.abort();
    assert!(cancelled.await.is_err());
    audit.reserve(Event { tool: None, ..call("r-fine") }).unwrap().record(|event| event.tool = call("r").tool);
    audit.close().await;
    for id in ["r-panicked", "r-cancelled"] {
        let lines: Vec<_> = house.lines().into_iter().filter(|line| line.contains(id)).collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].contains("\"outcome\":\"failed\"") && lines[0].contains("\"code\":\"abandoned\""));
        assert!(lines[0].contains("\"tool\":\"get_file\""));
    }
    assert_eq!(house.lines().iter().filter(|line| line.contains("r-fine")).count(), 1);
    assert!(!house.lines().iter().any(|line| line.contains("r-fine") && line.contains("abandoned")));
}

#[tokio::test]
async fn a06_a_flood_of_refusals_is_counted_and_leaves_room_for_calls() {
    let mut house = House::new();
    house.settings.queue = 8;
    let audit = house.open();
    house.disk.set(Fault::Append(ErrorKind::StorageFull));
    audit.note(refusal("first"));
    until(|| audit.health() != Health::Fine).await;
    for at in 0..1000 {
        audit.note(refusal(&format!("flood{at}")));
    }
    house.disk.set(Fault::None);
    until(|| audit.health() == Health::Fine).await;
    audit.announce(call("hidden?")).await.unwrap();
    audit.close().await;
    assert_eq!(house.count("invalid_api_key"), 6);
    let suppressed = house.lines().into_iter().find(|line| line.contains("\"event\":\"suppressed\"")).unwrap();
    assert!(suppressed.contains("\"count\":995"), "{suppressed}");
    assert_eq!(house.count("tool_call"), 1);
}

#[tokio::test]
async fn a06_a_flood_that_never_stops_holds_up_no_call_and_fills_no_disk() {
    let house = House::new();
    let audit = house.open();
    house.disk.set(Fault::SlowSync(Duration::from_millis(5)));
    let flooding = Arc::new(AtomicBool::new(true));
    let flood = std::thread::spawn({
        let (audit, flooding) = (audit.clone(), Arc::clone(&flooding));
        move || {
            while flooding.load(Ordering::Relaxed) {
                audit.count();
            }
        }
    });
    for at in 0..10 {
        let announced = tokio::time::timeout(Duration::from_secs(1), audit.announce(call(&format!("r{at}")))).await;
        assert!(matches!(announced, Ok(Ok(_))), "announcement {at}: {announced:?}");
    }
    let closed = tokio::time::timeout(Duration::from_secs(3), audit.close()).await;
    flooding.store(false, Ordering::Relaxed);
    flood.join().unwrap();
    assert!(closed.is_ok(), "closing does not end");
    assert_eq!(house.count("tool_call"), 10);
    let lines = house.count("suppressed");
    assert!((1..=22).contains(&lines), "{lines} lines tell of the flood");
}

#[tokio::test]
async fn a06_notes_leave_the_last_quarter_of_the_queue_to_calls() {
    let mut house = House::new();
    (house.settings.queue, house.settings.flush_ms) = (8, 10_000);
    let audit = house.open();
    for at in 0..100 {
        audit.note(refusal(&format!("flood{at}")));
    }
    let calls: Vec<_> = std::iter::from_fn(|| audit.reserve(call("r")).ok()).collect();
    assert_eq!(calls.len(), 2);
    drop(calls);
    audit.close().await;
}

#[tokio::test]
async fn s01_a_failing_disk_refuses_calls_and_recovers_without_a_restart() {
    let faults = [
        (Fault::Append(ErrorKind::StorageFull), "audit_disk_full"),
        (Fault::Short(ErrorKind::StorageFull), "audit_disk_full"),
        (Fault::Append(ErrorKind::QuotaExceeded), "audit_disk_full"),
        (Fault::Sync(ErrorKind::Other), "audit_io_error"),
        (Fault::Everything(ErrorKind::ReadOnlyFilesystem), "audit_read_only"),
        (Fault::SecondPlace(ErrorKind::StorageFull), "audit_checkpoint_unwritable"),
    ];
    for (fault, code) in faults {
        let house = House::new();
        let audit = house.open();
        audit.announce(call("r-before")).await.unwrap();
        let held = audit.reserve(call("r-held")).unwrap();
        house.disk.set(fault);
        held.record(|_| ());
        until(|| matches!(audit.health(), Health::Failing { code: found, .. } if found == code)).await;
        assert!(matches!(audit.reserve(call("r")), Err(AuditError::Unavailable { code: found }) if found == code));
        assert!(matches!(audit.announce(call("r-refused")).await, Err(AuditError::Unavailable { .. })));
        tokio::time::sleep(Duration::from_millis(50)).await;
        house.disk.set(Fault::None);
        until(|| audit.health() == Health::Fine).await;
        audit.announce(call("r-after")).await.unwrap();
        audit.close().await;
        let report = house.verify();
        assert!(report.intact(), "{fault:?}: {report}");
        let text = house.lines().join("\n");
        for id in ["r-before", "r-held", "r-after"] {
            assert_eq!(text.matches(id).count(), 1, "{fault:?} {id}");
        }
        assert_eq!(text.matches("r-refused").count(), 0);
        assert_eq!(house.count("recovered"), 1, "{fault:?}");
        assert!(text.contains(&format!("\"code\":\"{code}\"")), "{fault:?}");
    }
}

#[tokio::test]
async fn s01_an_announcement_the_disk_refused_fails_and_is_recorded_as_failed() {
    let house = House::new();
    let audit = house.open();
    house.disk.set(Fault::Sync(ErrorKind::Other));
    let refused = audit.announce(call("r-refused")).await;
    assert!(matches!(refused, Err(AuditError::Unavailable { code: "audit_io_error" })));
    house.disk.set(Fault::None);
    until(|| audit.health() == Health::Fine).await;
    audit.close().await;
    let line = house.lines().into_iter().find(|line| line.contains("r-refused")).unwrap();
    assert!(line.contains("\"outcome\":\"failed\"") && line.contains("\"code\":\"audit_unavailable\""), "{line}");
    assert!(house.verify().intact());
}

#[tokio::test]
async fn s01_a_disk_that_cannot_make_the_next_file_recovers_too() {
    let mut house = House::new();
    house.settings.rotate_bytes = 1;
    let audit = house.open();
    house.disk.set(Fault::Create(ErrorKind::StorageFull));
    audit.reserve(call("r-full")).unwrap().record(|_| ());
    until(|| audit.health() != Health::Fine).await;
    house.disk.set(Fault::Short(ErrorKind::StorageFull));
    tokio::time::sleep(Duration::from_millis(100)).await;
    house.disk.set(Fault::None);
    until(|| audit.health() == Health::Fine).await;
    audit.close().await;
    let report = house.verify();
    assert!(report.intact() && house.count("tool_call") == 1, "{report}");
}

#[tokio::test]
async fn s03_nothing_acknowledged_is_lost_with_the_power() {
    let mut house = House::new();
    house.settings.rotate_bytes = 8 * 1024;
    let audit = house.open();
    let mut acknowledged = Vec::new();
    for at in 0..60 {
        audit.note(refusal(&format!("n{at}-")));
        if at == 40 {
            house.disk.set(Fault::Sync(ErrorKind::Other));
        }
        match audit.announce(call(&format!("r{at}-"))).await {
            Ok(_) => acknowledged.push(format!("r{at}-")),
            Err(AuditError::Unavailable { .. }) => assert!(at >= 40),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(acknowledged.len(), 40);
    house.disk.lose_power();
    let text = house.lines().join("\n");
    assert!(acknowledged.iter().all(|id| text.contains(id)));
    assert!(!text.contains("r40-"));
    assert!(house.verify().intact(), "{}", house.verify());
}

#[tokio::test]
async fn closing_waits_for_calls_and_is_done_once() {
    let house = House::new();
    let audit = house.open();
    let slot = audit.reserve(call("r-late")).unwrap();
    let (closing, late) = tokio::join!(audit.close(), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        slot.record(|_| ());
    });
    assert_eq!((closing, late), ((), ()));
    audit.close().await;
    assert!(matches!(audit.reserve(call("r")), Err(AuditError::Unavailable { code: "audit_closed" })));
    assert!(matches!(audit.announce(call("r")).await, Err(AuditError::Unavailable { code: "audit_closed" })));
    let report = house.verify();
    assert!(report.intact() && report.chains[0].stopped && house.count("tool_call") == 1, "{report}");
}

#[tokio::test]
async fn a_record_that_is_dropped_ends_in_order() {
    let house = House::new();
    let audit = house.open();
    audit.reserve(call("r-last")).unwrap().record(|_| ());
    drop(audit);
    until(|| house.verify().chains.iter().any(|chain| chain.stopped && !chain.live)).await;
    assert_eq!(house.count("tool_call"), 1);
}

#[tokio::test]
async fn s06_a_clock_set_back_is_noted_and_no_tampering() {
    let house = House::new();
    let (ambient, clock) = Ambient::frozen("2026-01-02T03:04:05Z".parse().unwrap());
    let audit = house.open_at(ambient);
    audit.announce(call("r1")).await.unwrap();
    clock.set_wall("2026-01-02T02:04:05Z".parse().unwrap());
    audit.announce(call("r2")).await.unwrap();
    audit.close().await;
    let report = house.verify();
    assert!(report.intact(), "{report}");
    assert!(matches!(report.notes[..], [verify::Finding::ClockWentBack { .. }]), "{report}");
}
