//! Parked deliveries, for administrators: what waits, and orders to send it again.

use ringback_model::command::{Actor, Outcome};
use ringback_model::failure::Failure;
use ringback_model::storage::{Resend, SliceScope};

use crate::{Im, only_admin};

impl Im {
    pub(crate) async fn slices(&self, actor: &Actor, scope: SliceScope) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        Ok(Outcome::Slices(self.storage.slices(scope).await?))
    }

    pub(crate) async fn resend_slice(&self, actor: &Actor, order: Resend) -> Result<Outcome, Failure> {
        only_admin(actor)?;
        Ok(Outcome::Resend(self.storage.resend(order).await?))
    }
}
