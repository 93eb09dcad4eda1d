//! Panics: a mistake of the program itself ends the command with a message, never with a backtrace in the middle of
//! the output.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Mutex};

/// Does the work. If it panics: why, and where in the program.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let place = Arc::new(Mutex::new(String::new()));
    let note = Arc::clone(&place);
    let before = take_hook();
    set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        let at = info.location().map(|at| format!(" (at {at})"));
        if let Ok(mut place) = note.lock() {
            *place = at.unwrap_or_default();
        }
    }));
    let done = catch_unwind(AssertUnwindSafe(work));
    set_hook(before);
    done.map_err(|panic| {
        let why = panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no reason given".into());
        let place = place.lock().map(|place| place.clone()).unwrap_or_default();
        why + &place
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_is_told() {
        let why = super::caught(|| panic!("record {} is missing", 3)).unwrap_err();
        assert!(
            why.starts_with("record 3 is missing (at cli/src/door/panic.rs:"),
            "{why}"
        );
        assert_eq!(super::caught(|| 7), Ok(7));
    }
}
