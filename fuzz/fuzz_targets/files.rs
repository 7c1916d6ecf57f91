#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ringback_fuzz_targets::files::run(data));
