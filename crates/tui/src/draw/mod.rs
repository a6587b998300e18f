//! From the state to a frame. Only what can be seen is formatted.

mod canvas;
mod screen;

pub use canvas::Canvas;

#[cfg(test)]
mod money_tests;
#[cfg(test)]
mod tests;
