//! Whether the time in which a wrong key is refused tells how near it is to a right one (attack K01).
//!
//! Refusals through the whole gate: in every round one of each kind, in random order, so that whatever else the machine
//! does falls on all alike. Each kind is held against random keys by Welch's t over all but the slowest tenth. From
//! |t| = 4.5 on, the usual bound, it is a leak and this fails. The control is random keys once more: it shows the noise.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::time::Duration;

use aegis_ambient::{Ambient, NoRandomness};
use aegis_gate::redact::{self, Redactor};
use aegis_gate::{AuthnError, AuthnSettings, Catalog, RawCredential};
use aegis_gitea::connect::Credential;
use aegis_testkit::{Setup, TestGate};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

const ROUNDS: usize = 100_000;
const WARM_UP_ROUNDS: usize = 2_000;
/// From here on a difference is a leak.
const MOST_T: f64 = 4.5;
/// The slowest tenth is the machine's: interrupts, the record being written.
const KEPT_TENTHS: usize = 9;
/// Written as 43 characters.
const KEY_BYTES: usize = 32;
/// So many characters of a near key are right.
const RIGHT_CHARACTERS: usize = 36;
const KINDS: [&str; 4] = ["random key", "random key (control)", "near a configured key", "near a stored key"];

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let ambient = Ambient::real();
    let (configured, stored) = (random_key(&ambient)?, random_key(&ambient)?);
    let test = gate(&configured, &stored).await?;
    for right in [&configured, &stored] {
        test.gate.authenticate(&RawCredential::Bearer(right.clone().into()), &test.origin()).await?;
    }
    let near = [None, None, Some(&configured), Some(&stored)];
    let mut times: [Vec<f64>; KINDS.len()] = Default::default();
    for round in 0..WARM_UP_ROUNDS + ROUNDS {
        for (right, times) in shuffled(&ambient, near.into_iter().zip(&mut times))? {
            let key = wrong_key(&ambient, right)?;
            let took = refused(&test, &ambient, key).await?;
            if round >= WARM_UP_ROUNDS {
                times.push(took.as_secs_f64() * 1e9);
            }
        }
    }
    report(times)
}

/// A gate that knows one key from its settings and one from its store.
async fn gate(configured: &str, stored: &str) -> Result<TestGate, Failure> {
    let test = Setup::new(Catalog::default()).start().await?;
    test.store_key("alice", stored).await?;
    let account = Some(Credential::new(test.sandbox.token("alice").into())?);
    let keys = AuthnSettings { api_keys: vec![configured.into()], api_account: account, ..AuthnSettings::default() };
    test.gate.replace_secrets(&keys, Redactor::new(redact::Settings::default())?);
    Ok(test)
}

fn random_key(ambient: &Ambient) -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(ambient.random::<KEY_BYTES>()?))
}

/// A fresh key, which begins as `right` does where that is given.
fn wrong_key(ambient: &Ambient, right: Option<&String>) -> Result<SecretString, Failure> {
    let random = random_key(ambient)?;
    let (head, tail) = random.split_at_checked(RIGHT_CHARACTERS).ok_or("a key is too short")?;
    let head = right.and_then(|right| right.get(..RIGHT_CHARACTERS)).unwrap_or(head);
    Ok(SecretString::from(format!("{head}{tail}")))
}

/// The same in random order.
fn shuffled<T>(ambient: &Ambient, all: impl Iterator<Item = T>) -> Result<Vec<T>, NoRandomness> {
    let mut drawn = Vec::new();
    for one in all {
        drawn.push((ambient.random::<8>()?, one));
    }
    drawn.sort_by_key(|(lot, _)| *lot);
    Ok(drawn.into_iter().map(|(_, one)| one).collect())
}

/// How long the refusal took.
async fn refused(test: &TestGate, ambient: &Ambient, key: SecretString) -> Result<Duration, Failure> {
    let (raw, origin) = (RawCredential::Bearer(key), test.origin());
    let started = ambient.elapsed();
    let verdict = test.gate.authenticate(&raw, &origin).await;
    let took = ambient.elapsed().saturating_sub(started);
    match verdict {
        Err(AuthnError::InvalidKey { .. }) => Ok(took),
        Err(other) => Err(other.into()),
        Ok(_) => Err("a wrong key was let in".into()),
    }
}

fn report(times: [Vec<f64>; KINDS.len()]) -> Result<(), Failure> {
    let bound = quantile(&times.concat(), KEPT_TENTHS);
    let kept = times.map(|times| {
        let kept: Vec<f64> = times.into_iter().filter(|time| *time <= bound).collect();
        Sample::of(&kept)
    });
    let [random, control, ..] = &kept;
    println!("{ROUNDS} refusals of each kind, the slowest tenth left out");
    for (name, sample) in KINDS.iter().zip(&kept) {
        let (t, error) = welch(random, sample);
        let (median, ratio) = (sample.median / 1e3, sample.median / random.median);
        println!(
            "{name:<22} median {median:>7.2} µs, ratio {ratio:.4}, t {t:>6.2}; {:.0} ns would show",
            MOST_T * error
        );
    }
    if welch(random, control).0.abs() >= MOST_T {
        return Err("the control differs from itself: this machine is too restless for a verdict".into());
    }
    if kept.iter().any(|sample| welch(random, sample).0.abs() >= MOST_T) {
        return Err("the time of a refusal tells how near a key is".into());
    }
    Ok(())
}

/// The time that so many tenths stay below.
fn quantile(times: &[f64], tenths: usize) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() * tenths / 10).copied().unwrap_or_default()
}

/// What Welch's t asks of a sample, in nanoseconds.
struct Sample {
    median: f64,
    mean: f64,
    /// Variance of the mean.
    variance: f64,
}

impl Sample {
    fn of(times: &[f64]) -> Self {
        let count = times.iter().map(|_| 1.0).sum::<f64>();
        let mean = times.iter().sum::<f64>() / count;
        let squares: f64 = times.iter().map(|time| (time - mean).powi(2)).sum();
        Self { median: quantile(times, 5), mean, variance: squares / (count - 1.0) / count }
    }
}

/// The statistic, and the standard error of the difference.
fn welch(left: &Sample, right: &Sample) -> (f64, f64) {
    let error = (left.variance + right.variance).sqrt();
    ((right.mean - left.mean) / error, error)
}
