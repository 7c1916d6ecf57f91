//! Places among the transfers that are under way at once: bounded over all, and for each address and each user, so
//! that nobody takes them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ringback_model::failure::{Refusal, RefusalCode};
use ringback_model::ids::UserId;
use ringback_model::limits;

/// Whose place it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Holder {
    Everybody,
    Address(IpAddr),
    User(UserId),
}

impl Holder {
    const fn bound(&self) -> (usize, &'static str) {
        match self {
            Self::Everybody => (limits::OBJECT_TRANSFERS, "too many uploads and downloads"),
            Self::Address(_) => {
                (limits::OBJECT_TRANSFERS_PER_ADDRESS, "too many uploads and downloads from this address")
            }
            Self::User(_) => (limits::OBJECT_TRANSFERS_PER_USER, "too many parts of this user's uploads"),
        }
    }
}

/// All places.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Holders without a place are not in it, so it is no larger than what is under way.
    taken: Mutex<HashMap<Holder, usize>>,
}

impl Places {
    /// Takes a place for a transfer with this address; parts belong to a user as well.
    ///
    /// # Errors
    /// `Overloaded` where one of the bounds is reached; nothing is taken then.
    pub(super) fn take(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        user: Option<&UserId>,
    ) -> Result<Place, Refusal> {
        let holders: Vec<Holder> = [Holder::Everybody]
            .into_iter()
            .chain(address.map(|address| Holder::Address(network(address))))
            .chain(user.cloned().map(Holder::User))
            .collect();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for holder in &holders {
            let (most, detail) = holder.bound();
            if taken.get(holder).is_some_and(|taken| *taken >= most) {
                return Err(Refusal::new(RefusalCode::Overloaded, detail));
            }
        }
        for holder in &holders {
            *taken.entry(holder.clone()).or_default() += 1;
        }
        Ok(Place { places: Arc::clone(self), holders })
    }
}

/// A place; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    holders: Vec<Holder>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for holder in &self.holders {
            if let Some(count) = taken.get_mut(holder) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(holder);
                }
            }
        }
    }
}

/// What one client has: an address, of IPv6 a network of 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn one_address_or_user_does_not_take_all_places() {
        let places = Arc::new(Places::default());
        let held: Vec<_> = (0..limits::OBJECT_TRANSFERS_PER_ADDRESS)
            .map(|_| places.take(address("10.0.0.1"), None).unwrap())
            .collect();
        assert_eq!(places.take(address("10.0.0.1"), None).unwrap_err().code, RefusalCode::Overloaded);
        assert!(places.take(address("::ffff:10.0.0.1"), None).is_err(), "the same address");
        let user = UserId::parse("u1").unwrap();
        let parts: Vec<_> = (0..limits::OBJECT_TRANSFERS_PER_USER)
            .map(|at| places.take(address(&format!("10.0.1.{at}")), Some(&user)).unwrap())
            .collect();
        assert!(places.take(address("10.0.0.9"), Some(&user)).is_err());
        assert!(places.take(address("10.0.0.9"), None).is_ok());
        drop((held, parts));
        assert!(places.taken.lock().unwrap().is_empty(), "all are free, and nothing is remembered");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_all_together_are_bounded() {
        let places = Arc::new(Places::default());
        let held: Vec<_> = (0..limits::OBJECT_TRANSFERS)
            .map_while(|at| places.take(address(&format!("2001:db8:0:{}::{at:x}", at % 3)), None).ok())
            .collect();
        assert_eq!(held.len(), limits::OBJECT_TRANSFERS);
        assert_eq!(
            places.take(address("2001:db8:0:7::1"), None).unwrap_err().detail,
            "too many uploads and downloads"
        );
        assert_eq!(network("2001:db8::1".parse().unwrap()), network("2001:db8::ffff:1".parse().unwrap()));
    }
}
