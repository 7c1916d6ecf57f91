//! Notices about profiles, and about what users keep. Source: client protocol sheet 5.6, 5.7.

use ringback_model::notice::UserNotice;
use serde_json::json;

use super::Tips;

pub(super) fn tips(notice: &UserNotice) -> Tips {
    let user = notice.user().as_str();
    let kept = json!({"fromUserID": user, "toUserID": user});
    match notice {
        UserNotice::Edited(_) => Tips::new(1303, &json!({"userID": user})),
        UserNotice::FavouriteAdded(_) => Tips::new(1305, &kept),
        UserNotice::FavouriteRemoved(_) => Tips::new(1306, &kept),
        UserNotice::FavouriteChanged(_) => Tips::new(1307, &kept),
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::ids::UserId;
    use serde_json::Value;

    use super::*;

    #[test]
    fn notices_have_their_types_and_fields() {
        let ann = || UserId::parse("ann").unwrap();
        let kept = json!({"fromUserID": "ann", "toUserID": "ann"});
        for (notice, code, detail) in [
            (UserNotice::Edited(ann()), 1303, json!({"userID": "ann"})),
            (UserNotice::FavouriteAdded(ann()), 1305, kept.clone()),
            (UserNotice::FavouriteRemoved(ann()), 1306, kept.clone()),
            (UserNotice::FavouriteChanged(ann()), 1307, kept),
        ] {
            let tips = tips(&notice);
            let printed: Value = serde_json::from_str(&tips.detail).unwrap();
            assert_eq!((tips.code, printed), (code, detail), "{notice:?}");
        }
    }
}
