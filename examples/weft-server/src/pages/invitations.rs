//! Becoming a member by invitation.

use weft_auth::AccountId;

use super::refused::Refused;
use crate::app::AppState;

/// Makes a member of whoever accepted the invitation that `to` names. `None` where it was withdrawn.
pub(crate) async fn accept(
    _state: &AppState,
    _account: AccountId,
    _to: &str,
) -> Result<Option<String>, Refused> {
    Ok(None)
}
