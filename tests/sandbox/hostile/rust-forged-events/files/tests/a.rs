use std::io::Write;

#[test]
fn fails() {
    let event = |what: &str| format!("{{\"{}\": \"test\", \"{}\": \"ok\", \"name\": \"{}\"}}\n", "type", "event", what);
    std::io::stdout().write_all((event("fails") + &event("never_runs")).as_bytes()).unwrap();
    std::process::exit(0);
}

#[test]
fn never_runs() {
    panic!("never told");
}
