//! The lines of a tree: which branch of its parent a line is.

/// Most levels of a tree that have lines of their own.
const MAX_LEVELS: u8 = 64;

/// Where a line of a list is in the tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TreePlace {
    /// How many lines it is below, directly and indirectly.
    depth: u8,
    /// Bit `l` is set if another line at depth `l` follows below the same parent.
    followed: u64,
}

impl TreePlace {
    /// A line at this depth, before it is known what follows.
    pub(crate) const fn at(depth: u8) -> Self {
        Self { depth, followed: 0 }
    }

    /// Whether it is below no other line.
    pub(crate) const fn is_root(self) -> bool {
        self.depth == 0
    }

    /// What is drawn before the name: `│ ├ `.
    pub(crate) fn twig(self) -> String {
        let levels = 1..=self.depth.min(MAX_LEVELS - 1);
        let branch = |level: u8| match (self.followed >> level & 1 == 1, level == self.depth) {
            (true, true) => "├ ",
            (false, true) => "└ ",
            (true, false) => "│ ",
            (false, false) => "  ",
        };
        levels.map(branch).collect()
    }
}

/// Notes in each place of a tree, in the order of lines, which lines follow.
pub(super) fn connect<'a>(places: impl DoubleEndedIterator<Item = &'a mut TreePlace>) {
    let mut followed = 0_u64;
    for place in places.rev() {
        let depth = place.depth.min(MAX_LEVELS - 1);
        let up_to_here = u64::MAX >> (MAX_LEVELS - 1 - depth);
        place.followed = followed & up_to_here;
        followed = place.followed | 1 << depth;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_drawn_down_to_the_last_of_its_siblings() {
        let mut places = [0, 1, 2, 2, 1, 2, 0, 1].map(TreePlace::at);
        connect(places.iter_mut());
        let twigs = places.map(TreePlace::twig);
        assert_eq!(twigs, ["", "├ ", "│ ├ ", "│ └ ", "└ ", "  └ ", "", "└ "]);
    }

    #[test]
    fn the_deepest_tree_has_lines() {
        let mut places = [0, u8::MAX].map(TreePlace::at);
        connect(places.iter_mut());
        assert_eq!(places[1].twig().chars().count(), 2 * usize::from(MAX_LEVELS - 1));
    }
}
