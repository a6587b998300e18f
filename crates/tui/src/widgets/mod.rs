//! Bars, graphs, titles, windows, and text that fits.

mod chart;
mod graph;
mod line;
mod rows;
mod scale;
mod titles;
mod window;
mod wrap;

pub(crate) use chart::{Chart, Gradient};
pub(crate) use graph::spark;
pub(crate) use line::{Side, put};
pub(crate) use rows::{Gauge, bar, gauge, heading, pairs, right_aligned};
pub(crate) use scale::{cols, whole};
pub(crate) use titles::{draw_titles, title_places};
pub(crate) use window::{centred, window};
pub(crate) use wrap::wrap;
