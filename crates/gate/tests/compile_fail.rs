//! The promise, kept by the compiler: a crate outside the gate can make no principal and no permit, and cannot turn a
//! permit's reader to another target.

#[test]
fn nothing_outside_the_gate_makes_what_stands_for_checked() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
