//! How requests end, as numbers that clients know. Source: callback sheet 5.5.

use ringback_model::record::Handled;

/// 0 open, 1 agreed, -1 refused.
pub(super) const fn number(handled: Handled) -> i32 {
    match handled {
        Handled::Open => 0,
        Handled::Agreed => 1,
        Handled::Refused => -1,
    }
}

/// What a number says; `None` for one that says nothing.
pub(super) const fn read(number: i32) -> Option<Handled> {
    match number {
        0 => Some(Handled::Open),
        1 => Some(Handled::Agreed),
        -1 => Some(Handled::Refused),
        _ => None,
    }
}
