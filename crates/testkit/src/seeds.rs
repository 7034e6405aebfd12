//! The seeds of the fuzz targets.

use std::fs;
use std::io;
use std::path::Path;

/// Runs a fuzz target over its seeds. What it finds it says by a panic.
///
/// # Errors
/// There are no seeds of that name, or one cannot be read.
pub fn hold(name: &str, target: fn(&[u8])) -> io::Result<()> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
    let seeds = fs::read_dir(seeds)?.collect::<io::Result<Vec<_>>>()?;
    for seed in &seeds {
        target(&fs::read(seed.path())?);
    }
    if seeds.is_empty() { Err(io::Error::new(io::ErrorKind::NotFound, format!("{name} has no seeds"))) } else { Ok(()) }
}
