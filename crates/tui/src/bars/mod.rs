//! The rows around the view: header, alerts, tabs and footer.

mod footer;
mod header;
mod strip;
mod tabs;

pub(crate) use footer::Footer;
pub(crate) use header::{draw as draw_header, draw_clock};
pub(crate) use strip::{MAX_ALERT_ROWS, alert_at, draw as draw_alerts, rows as alert_rows};
pub(crate) use tabs::{draw as draw_tabs, view_titles};
