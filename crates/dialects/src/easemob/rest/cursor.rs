//! Cursors: where a page ended, as a text that means nothing to the caller. Source: easemob-rest fact sheet 2.1.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ringback_model::command::AgeMark;
use ringback_model::group::ThreadOf;
use ringback_model::ids::{GroupId, MessageId, UserId};
use ringback_model::time::UnixMs;

use super::Asked;
use super::problem::{ILLEGAL_ARGUMENT, Reject};

fn write(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// What the caller's cursor says; `None` where he has none.
fn read<T>(asked: &Asked<'_>, meaning: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Reject> {
    let Some(cursor) = asked.request.query("cursor").filter(|cursor| !cursor.is_empty()) else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let found = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| meaning(&text));
    let wrong = || Reject::new(&ILLEGAL_ARGUMENT, "cursor must be one that an earlier answer has given");
    found.map(Some).ok_or_else(wrong)
}

/// After this user, in a list that is ordered by id.
pub(super) fn of_user(user: &UserId) -> String {
    write(&user.folded())
}

pub(super) fn user(asked: &Asked<'_>) -> Result<Option<UserId>, Reject> {
    read(asked, |text| UserId::parse(text).ok())
}

/// After this user, in a list that is ordered by age.
pub(super) fn of_age(mark: &AgeMark) -> String {
    write(&format!("{}:{}", mark.at.0, mark.user.folded()))
}

pub(super) fn age(asked: &Asked<'_>) -> Result<Option<AgeMark>, Reject> {
    read(asked, |text| {
        let (at, user) = text.split_once(':')?;
        Some(AgeMark { at: UnixMs(at.parse().ok()?), user: UserId::parse(user).ok()? })
    })
}

/// After this group or room, in a list that is ordered by id.
pub(super) fn of_group(group: &GroupId) -> String {
    write(group.as_str())
}

pub(super) fn group(asked: &Asked<'_>) -> Result<Option<GroupId>, Reject> {
    read(asked, |text| GroupId::parse(text).ok())
}

/// After this thread, in a list of all of them.
pub(super) fn of_thread(hangs_on: &ThreadOf) -> String {
    write(&format!("{}:{}", hangs_on.group, hangs_on.number))
}

pub(super) fn thread(asked: &Asked<'_>) -> Result<Option<(GroupId, MessageId)>, Reject> {
    read(asked, |text| {
        let (group, message) = text.split_once(':')?;
        Some((GroupId::parse(group).ok()?, MessageId(message.parse().ok()?)))
    })
}

/// A number of items: 1 or more; more than fit are as many as fit.
pub(super) fn size(
    asked: &Asked<'_>,
    name: &str,
    usual: Option<usize>,
    most: usize,
) -> Result<Option<usize>, Reject> {
    let Some(text) = asked.request.query(name) else { return Ok(usual) };
    match text.parse::<usize>() {
        Ok(size) if size > 0 => Ok(Some(size.min(most))),
        _ => Err(Reject::new(&ILLEGAL_ARGUMENT, format!("{name} must be a number, 1 or more"))),
    }
}

/// The query parameters of these names that the caller has given, as answers show them.
pub(super) fn params(
    asked: &Asked<'_>,
    names: &'static [&'static str],
) -> impl Iterator<Item = (&'static str, String)> {
    names.iter().filter_map(|name| Some((*name, asked.request.query(name)?.to_owned())))
}
