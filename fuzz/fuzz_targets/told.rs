#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| aegis_server::fuzzing::told(data));
