use std::borrow::Cow;

use serde::Deserialize;

use super::panel_id::DashboardPanel;

/// Panels that are shown together, under a name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DashboardPreset {
    /// The name.
    pub name: Cow<'static, str>,
    /// The panels, in any order.
    pub panels: Cow<'static, [DashboardPanel]>,
}

use DashboardPanel as P;

const fn built_in(name: &'static str, panels: &'static [DashboardPanel]) -> DashboardPreset {
    DashboardPreset { name: Cow::Borrowed(name), panels: Cow::Borrowed(panels) }
}

/// The presets that are always there, before those of the configuration.
pub static DASHBOARD_PRESETS: &[DashboardPreset] = &[
    built_in("all", &P::ALL),
    built_in("usage", &[P::Tokens, P::Cost, P::Quota, P::Projects]),
    built_in("machine", &[P::Agents, P::Machine, P::Ports]),
    built_in("events", &[P::Agents, P::Activity, P::Errors]),
];

/// Which panels are shown.
#[derive(Clone, Debug)]
pub(crate) struct DashboardState {
    presets: Vec<DashboardPreset>,
    /// The preset that was chosen last.
    preset: usize,
    shown: Vec<DashboardPanel>,
}

impl DashboardState {
    /// The first preset, or the one that is called so. Presets of the user follow the built-in ones, and replace those of
    /// the same name.
    pub(crate) fn new(of_user: &[DashboardPreset], first: Option<&str>) -> Self {
        let is_replaced = |preset: &&DashboardPreset| of_user.iter().any(|other| other.name == preset.name);
        let mut presets: Vec<DashboardPreset> =
            DASHBOARD_PRESETS.iter().filter(|preset| !is_replaced(preset)).cloned().collect();
        presets.extend(of_user.iter().filter(|preset| !preset.panels.is_empty()).cloned());
        let preset = presets.iter().position(|preset| Some(&*preset.name) == first).unwrap_or_default();
        let mut state = Self { presets, preset, shown: Vec::new() };
        state.show_preset();
        state
    }

    /// The panels that are shown, in the order of their digits.
    pub(crate) fn shown(&self) -> &[DashboardPanel] {
        &self.shown
    }

    /// Shows or hides a panel. The last one stays.
    pub(crate) fn toggle(&mut self, panel: DashboardPanel) {
        let is_wanted = |one: &DashboardPanel| self.shown.contains(one) != (*one == panel);
        let shown: Vec<DashboardPanel> = P::ALL.into_iter().filter(is_wanted).collect();
        if !shown.is_empty() {
            self.shown = shown;
        }
    }

    /// Shows the panels of the next preset; returns its name.
    pub(crate) fn next_preset(&mut self) -> &str {
        self.preset = (self.preset + 1) % self.presets.len().max(1);
        self.show_preset();
        self.presets.get(self.preset).map_or("", |preset| &preset.name)
    }

    fn show_preset(&mut self) {
        let panels = self.presets.get(self.preset).map_or(&P::ALL[..], |preset| &preset.panels);
        self.shown = P::ALL.into_iter().filter(|panel| panels.contains(panel)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_toggles_its_panel_and_the_last_one_stays() {
        let mut state = DashboardState::new(&[], Some("machine"));
        assert_eq!(state.shown(), [P::Agents, P::Machine, P::Ports]);
        state.toggle(P::of_digit('9').unwrap());
        assert_eq!(state.shown(), [P::Agents, P::Machine, P::Ports, P::Errors]);
        for digit in ['1', '2', '7', '9'] {
            state.toggle(P::of_digit(digit).unwrap());
        }
        assert_eq!(state.shown(), [P::Errors]);
        assert_eq!((P::of_digit('0'), P::of_digit('x')), (None, None));
    }

    #[test]
    fn presets_of_the_user_follow_the_others_and_replace_those_of_the_same_name() {
        let mine = |name: &'static str| DashboardPreset { name: name.into(), panels: vec![P::Cost].into() };
        let mut state = DashboardState::new(&[mine("usage"), mine("money")], None);
        let names: Vec<String> = (0..5).map(|_| state.next_preset().to_owned()).collect();
        assert_eq!(names, ["machine", "events", "usage", "money", "all"]);
        assert_eq!(DashboardState::new(&[mine("money")], Some("money")).shown(), [P::Cost]);
    }
}
